package received

import "strings"

// protoName gives the transmission type that the words behind "with" mean, in
// the spelling of the registry "Mail Transmission Types" (RFC 3848, RFC 6531),
// or of the protocol's name for HTTP, POP3 and IMAP, or "".
func protoName(with string) string {
	if p := protoWord(with); p != "" || !strings.ContainsRune(with, ' ') {
		return p
	}
	for rest := with; rest != ""; {
		var w string
		w, rest, _ = strings.Cut(rest, " ")
		if p := protoWord(w); p != "" {
			return p
		}
	}
	return ""
}

func protoWord(w string) string {
	if strings.HasPrefix(w, "ESMTP/TLS") || strings.HasPrefix(w, "SMTP/TLS") { // IronPort
		return "ESMTPS"
	}
	if len(w) > 16 {
		return ""
	}
	switch up := strings.ToUpper(w); up {
	case "SMTP", "ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA", "SMTPS",
		"LMTP", "LMTPA", "LMTPS", "LMTPSA", "MMS", "POP3", "IMAP", "HTTP", "HTTPS",
		"UTF8SMTP", "UTF8SMTPA", "UTF8SMTPS", "UTF8SMTPSA",
		"UTF8LMTP", "UTF8LMTPA", "UTF8LMTPS", "UTF8LMTPSA":
		return up
	case "UTF8ESMTP", "UTF8ESMTPA", "UTF8ESMTPS", "UTF8ESMTPSA": // maddy
		return "UTF8" + up[len("UTF8E"):]
	case "ASMTP": // Exim before 4.20
		return "ESMTPA"
	case "ESMTP-TLS": // CommuniGate Pro 4
		return "ESMTPS"
	case "SMTPSVC":
		return "SMTP"
	case "LMTPE":
		return "LMTP"
	case "HTTPU", "HTTPREST", "HTTPPOST":
		return "HTTP"
	case "POP", "POP3S", "APOP":
		return "POP3"
	case "IMAP4", "IMAPS":
		return "IMAP"
	}
	if w, ok := strings.CutPrefix(w, "local-"); ok { // Exim: SMTP over standard input
		return protoWord(w)
	}
	return ""
}

// protoTLS and protoAuth read the suffix (RFC 3848 §1): S is TLS, A is AUTH.
func protoTLS(proto string) bool {
	return strings.HasSuffix(proto, "TPS") || strings.HasSuffix(proto, "TPSA")
}

func protoAuth(proto string) bool {
	return strings.HasSuffix(proto, "TPA") || strings.HasSuffix(proto, "TPSA")
}

// readTLS reads a comment or the word behind a tls clause in any of the forms
// that servers use. ok is false where s is about something else.
func readTLS(s string) (version, cipher string, ok bool) {
	switch {
	case hasPrefixFold(s, "using TLS"), hasPrefixFold(s, "using SSL"): // Postfix, Stalwart, Symantec
		version, rest, _ := strings.Cut(s[len("using "):], " ")
		if after, found := strings.CutPrefix(rest, "with cipher "); found {
			cipher = firstWord(after)
		}
		if version == "TLS" { // "(using TLS with …)", Mimecast's "(Using TLS)"
			version = ""
		}
		return version, cipher, true
	case hasPrefixFold(s, "version="), hasPrefixFold(s, "cipher="): // Sendmail, Gmail, Exchange, …
		for rest := s; rest != ""; {
			var w string
			w, rest, _ = strings.Cut(rest, " ")
			w = strings.TrimSuffix(w, ",")
			if v, found := strings.CutPrefix(w, "version="); found {
				version = v
			}
			if v, found := strings.CutPrefix(w, "cipher="); found {
				cipher = v
			}
		}
		return version, cipher, true
	case hasPrefixFold(s, "tls_cipher "), hasPrefixFold(s, "cipher "): // Exim 4.50 in Debian, Exim 3 with patch
		_, rest, _ := strings.Cut(s, " ")
		return readTLS(rest)
	case strings.HasPrefix(s, "TLS: "), strings.HasPrefix(s, "SSL: "): // Courier: TLSv1.2,256bits,CIPHER
		version, rest, _ := strings.Cut(s[5:], ",")
		_, cipher, _ = strings.Cut(rest, ",")
		return strings.TrimSpace(version), strings.TrimSpace(cipher), true
	case strings.HasSuffix(s, " encrypted"): // qmail with the TLS patch
		return "", firstWord(s), true
	case s == "TLS" || s == "STARTTLS": // Exchange 2007, Mimecast
		return "", "", true
	case strings.HasPrefix(s, "TLS"), strings.HasPrefix(s, "SSLv"):
		if len(s) < 5 || !isDigit(s[4]) && !isDigit(s[3]) && s[3] != '_' {
			return "", "", false
		}
		if strings.HasPrefix(s, "TLS_") { // Haraka: tls TLS_AES_256_GCM_SHA384
			return "", firstWord(s), true
		}
		if i := strings.IndexAny(s, ": "); i >= 0 { // Exim, OpenSMTPD version:cipher:bits; mox, chasquid version cipher
			version = strings.TrimRight(s[:i], ";,")
			cipher, _, _ = strings.Cut(firstWord(s[i+1:]), ":")
			return version, cipher, true
		}
		return s, "", true
	}
	return "", "", false
}

func firstWord(s string) string {
	s, _, _ = strings.Cut(strings.TrimLeft(s, " "), " ")
	return s
}

// readAuth reads a comment in which a server says who logged in.
func readAuth(s string) (user string, ok bool) {
	switch {
	case hasPrefixFold(s, "Authenticated sender: "): // Postfix
		return s[len("Authenticated sender: "):], true
	case hasPrefixFold(s, "authenticated as "): // chasquid, CommuniGate
		return firstWord(s[len("authenticated as "):]), true
	case hasPrefixFold(s, "authenticated user "): // Kerio
		return firstWord(s[len("authenticated user "):]), true
	case hasPrefixFold(s, "smtp-auth username "): // qpsmtpd: smtp-auth username u, mechanism cram-md5
		return strings.TrimSuffix(firstWord(s[len("smtp-auth username "):]), ","), true
	case hasPrefixFold(s, "authenticated"): // Sendmail, Haraka: "authenticated bits=0"
		return "", true
	case strings.HasPrefix(s, "auth="): // Qsmtpd
		return s[len("auth="):], true
	case hasPrefixFold(s, "auth: "): // Courier: AUTH: LOGIN user, TLS: …
		words := strings.SplitN(s[len("auth: "):], " ", 3)
		if len(words) > 1 {
			user = strings.TrimSuffix(words[1], ",")
		}
		return user, true
	}
	return "", false
}
