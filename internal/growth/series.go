package main

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// A series is one thing that a sender can have more and more of.
type serie struct {
	name string
	n    int // the smallest count; 2n and 4n are tried too
	make func(n int) string
	work func(string) error
}

const (
	trace = "Received: from a.kelp.example (a.kelp.example [198.51.100.1]) by mx.meadow.example with ESMTP id 1 for <b@meadow.example>; Wed, 2 Dec 2026 10:00:05 +0000\r\n"
	rest  = "To: b@meadow.example\r\nSubject: x\r\nDate: Wed, 2 Dec 2026 10:00:00 +0000\r\n"
	from  = "From: a@kelp.example\r\n" + rest
	tail  = from + "\r\nbody\r\n"
	small = trace + tail
	zone  = "kelp.example. TXT \"v=spf1 ip4:198.51.100.1 -all\"\nmeadow.example. MX 10 mx.meadow.example.\nmx.meadow.example. A 192.0.2.9\n"
)

// many writes the pattern n times, # as the number.
func many(n int, pattern string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(pattern, "#", strconv.Itoa(i+1)))
	}
	return b.String()
}

func signature(h, more string) string {
	return "DKIM-Signature: v=1; a=rsa-sha256; d=kelp.example; s=s; c=relaxed/relaxed; h=" + h + "; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; " + more + "b=AAAA\r\n"
}

// record is text as the strings of a TXT record.
func record(name, text string) string {
	var b strings.Builder
	b.WriteString(name + ". TXT")
	for len(text) > 0 {
		n := min(len(text), 200)
		b.WriteString(" " + strconv.Quote(text[:n]))
		text = text[n:]
	}
	return b.String() + "\n"
}

// chain is an ARC chain of n sets.
func chain(n int) string {
	var b strings.Builder
	for i := n; i > 0; i-- {
		fmt.Fprintf(&b, "ARC-Seal: i=%d; a=rsa-sha256; d=kelp.example; s=s; cv=pass; b=AAAA\r\n", i)
		fmt.Fprintf(&b, "ARC-Message-Signature: i=%d; a=rsa-sha256; d=kelp.example; s=s; c=relaxed/relaxed; h=from; bh=AA==; b=AAAA\r\n", i)
		fmt.Fprintf(&b, "ARC-Authentication-Results: i=%d; mx%d.kelp.example; spf=pass smtp.mailfrom=kelp.example\r\n", i, i)
	}
	return b.String()
}

// message makes a series of a header whose first lines grow.
func message(name string, n int, make func(n int) string) serie {
	return serie{name, n, make, analyze(zone)}
}

// damaged makes a series of a message that is pasted in some damaged form.
func damaged(name string, n int, line func(field string) string) serie {
	return serie{name, n, func(n int) string {
		var b strings.Builder
		for f := range strings.SplitSeq(strings.TrimSuffix(trace+many(n, "X-#: some words that stand here\r\n")+from, "\r\n"), "\r\n") {
			b.WriteString(line(f))
		}
		return b.String()
	}, analyze(zone)}
}

var series = []serie{
	// Grows by squares: it shows that the count would see one.
	{"pairs", 100, func(n int) string { return strings.Repeat("x", n) }, pairs},

	// Fields.
	message("fields of many names", 500, func(n int) string { return trace + many(n, "X-#: y\r\n") + tail }),
	message("fields of one name", 500, func(n int) string { return trace + strings.Repeat("X-A: b\r\n", n) + tail }),
	message("fields that stand once, again", 500, func(n int) string { return trace + strings.Repeat("Subject: x\r\n", n) + tail }),
	message("lines without a colon", 500, func(n int) string {
		return trace + "X: y\r\n" + strings.Repeat("no field\r\nX: y\r\n", n) + tail
	}),
	message("lines of a folded field", 1000, func(n int) string { return trace + "X: y\r\n" + strings.Repeat(" z\r\n", n) + tail }),
	message("bare CR before names of fields", 500, func(n int) string { return trace + "X: " + strings.Repeat("\rFrom: x", n) + "\r\n" + tail }),
	message("NUL bytes in a field", 2000, func(n int) string { return trace + "X: " + strings.Repeat("\x00a", n) + "\r\n" + tail }),
	message("encoded words", 500, func(n int) string {
		return trace + "X: y\r\nSubject: " + strings.Repeat("=?utf-8?q?=41?= ", n) + "\r\n" + tail
	}),
	message("encoded words that never end", 500, func(n int) string { return trace + "Subject: " + strings.Repeat("=?utf-8?q?", n) + "\r\n" + tail }),
	message("one word after another in X-fields of filters", 500, func(n int) string {
		return trace + "X-Spam-Status: No, score=1 tests=[" + many(n, "T_#=1,") + "]\r\nX-MS-Exchange-Organization-SCL: " + strings.Repeat("1;", n) + "\r\n" + tail
	}),

	// Authors.
	message("authors", 60, func(n int) string {
		return trace + "From: " + many(n, "a#@o#.example, ") + "a@kelp.example\r\n" + rest + "\r\n"
	}),
	message("authors beyond the bound", 1000, func(n int) string {
		return trace + "From: " + many(n, "a#@o#.example, ") + "a@kelp.example\r\n" + rest + "\r\n"
	}),
	message("From fields", 60, func(n int) string { return trace + many(n, "From: a#@o#.example\r\n") + tail }),
	message("brackets that never close", 500, func(n int) string {
		return trace + "From: " + strings.Repeat("<\"(", n) + "a@kelp.example\r\n" + rest + "\r\n"
	}),
	message("labels of the author's domain", 30, func(n int) string {
		return trace + "From: a@" + strings.Repeat("a.", n) + "kelp.example\r\n" + rest + "\r\n"
	}),
	message("recipients", 500, func(n int) string {
		return trace + "To: " + many(n, "b#@meadow.example,\r\n ") + "b@meadow.example\r\n" + tail
	}),
	message("SRS addresses inside each other", 500, func(n int) string {
		return "Return-Path: <" + strings.Repeat("SRS0=a=b=kelp.example=", n) + "x@kelp.example>\r\n" + trace + tail
	}),

	// Results of servers.
	message("results in one field", 60, func(n int) string {
		return "Authentication-Results: mx.meadow.example" + many(n, "; dkim=pass header.d=d#.example") + "\r\n" + trace + tail
	}),
	message("results in one field beyond the bound", 500, func(n int) string {
		return "Authentication-Results: mx.meadow.example" + many(n, "; dkim=pass header.d=d#.example") + "\r\n" + trace + tail
	}),
	message("fields of results", 100, func(n int) string {
		return many(n, "Authentication-Results: mx.meadow.example; dkim=pass header.d=d#.example; spf=fail smtp.mailfrom=d#.example\r\n") + trace + tail
	}),
	message("fields of results on one domain", 150, func(n int) string {
		return many(n, "Authentication-Results: mx#.meadow.example; dkim=pass header.d=kelp.example header.s=s#\r\nAuthentication-Results: mx.o#.example; dkim=fail header.d=kelp.example\r\n") + trace + tail
	}),
	message("comments in results", 500, func(n int) string {
		return "Authentication-Results: mx.meadow.example; spf=pass " + strings.Repeat("(a(b)) ", n) + "smtp.mailfrom=kelp.example\r\n" + trace + tail
	}),
	message("comments that never close", 1000, func(n int) string {
		return "Authentication-Results: mx.meadow.example; spf=pass " + strings.Repeat("(", n) + "\r\nReceived-SPF: pass " + strings.Repeat("(", n) + "\r\n" + trace + tail
	}),
	message("Received-SPF fields", 60, func(n int) string {
		return many(n, "Received-SPF: Fail (mx.meadow.example: domain of a@d#.example does not designate 192.0.2.# as permitted sender) client-ip=192.0.2.1; helo=d#.example;\r\n") + trace + tail
	}),

	// The path.
	message("hops of one host", 50, func(n int) string { return strings.Repeat(trace, n) + tail }),
	message("hops of different hosts", 50, func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Received: from h%d.kelp.example (h%d.kelp.example [198.51.%d.1]) by h%d.kelp.example (Postfix) with ESMTP id %d for <b@meadow.example>; Wed, 2 Dec 2026 10:00:05 +0000\r\n", i+1, i+1, i, i, i)
		}
		return b.String() + tail
	}),
	message("hops beyond the bound", 300, func(n int) string { return strings.Repeat(trace, n) + tail }),
	message("hops with results each", 50, func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Authentication-Results: h%d.o%d.example; spf=fail smtp.mailfrom=kelp.example; dkim=fail header.d=kelp.example; dmarc=fail header.from=kelp.example\r\n", i, i)
			fmt.Fprintf(&b, "Received: from h%d.o%d.example (h%d.o%d.example [203.0.%d.1]) by h%d.o%d.example (Postfix) with ESMTP id %d; Wed, 2 Dec 2026 10:00:05 +0000\r\n", i+1, i+1, i+1, i+1, i, i, i, i)
		}
		return b.String() + tail
	}),
	message("comments in a Received field", 500, func(n int) string {
		return "Received: from a.kelp.example " + strings.Repeat("(x) ", n) + "by mx.meadow.example; Wed, 2 Dec 2026 10:00:05 +0000\r\n" + tail
	}),
	message("clauses of a Received field", 300, func(n int) string {
		return "Received: from a.kelp.example" + many(n, " by h#.meadow.example with SMTP") + "; Wed, 2 Dec 2026 10:00:05 +0000\r\n" + tail
	}),
	message("nested brackets in a Received field", 1000, func(n int) string {
		return "Received: from a.kelp.example " + strings.Repeat("([{<", n) + " by mx.meadow.example; Wed, 2 Dec 2026 10:00:05 +0000\r\n" + tail
	}),

	// Signatures.
	message("names in h= that exist", 500, func(n int) string {
		return trace + signature("from"+many(n, ":x-#"), "") + many(n, "X-#: y\r\n") + tail
	}),
	message("one name in h= again and again", 500, func(n int) string {
		return trace + signature("from"+strings.Repeat(":x-a", n), "") + strings.Repeat("X-A: b\r\n", n) + tail
	}),
	message("names in h= that do not exist", 500, func(n int) string { return trace + signature("from"+many(n, ":x-none-#"), "") + tail }),
	message("signatures", 8, func(n int) string {
		return trace + strings.Repeat(signature("from:to:subject:date", ""), n) + tail
	}),
	message("signatures beyond the bound", 100, func(n int) string {
		return trace + strings.Repeat(signature("from:to:subject:date", ""), n) + tail
	}),
	message("tags of a signature", 500, func(n int) string { return trace + signature("from", many(n, "x#=y; ")) + tail }),
	message("copied fields (z=)", 500, func(n int) string {
		return trace + signature("from"+many(n, ":x-#"), "z=From:a@kelp.example"+many(n, "|X-#:z")+"; ") + many(n, "X-#: y\r\n") + tail
	}),
	message("sets of ARC", 12, func(n int) string { return chain(n) + trace + tail }),
	message("sets of ARC beyond the bound", 100, func(n int) string { return chain(n) + trace + tail }),
	message("ARC fields of one instance", 200, func(n int) string {
		return strings.Repeat("ARC-Seal: i=1; a=rsa-sha256; d=kelp.example; s=s; cv=none; b=AAAA\r\n", n) + trace + tail
	}),

	// Bodies.
	message("lines of a body", 2000, func(n int) string {
		return trace + signature("from", "") + from + "\r\n" + strings.Repeat("a line \r\n", n)
	}),
	message("blank lines at the end of a body", 2000, func(n int) string {
		return trace + signature("from", "") + from + "\r\nx\r\n" + strings.Repeat("\r\n", n)
	}),
	message("blanks in a line of a body", 4000, func(n int) string {
		return trace + signature("from", "") + from + "\r\nx" + strings.Repeat(" ", n) + "y\r\n"
	}),
	message("parts of a MIME body", 30, func(n int) string {
		return trace + "Content-Type: multipart/mixed; boundary=b\r\n" + from + "\r\n" + strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", n) + "--b--\r\n"
	}),
	message("parts of a MIME body beyond the bound", 500, func(n int) string {
		return trace + "Content-Type: multipart/mixed; boundary=b\r\n" + from + "\r\n" + strings.Repeat("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", n) + "--b--\r\n"
	}),
	message("messages in a message", 8, func(n int) string {
		return trace + "Content-Type: multipart/mixed; boundary=b\r\n" + from + "\r\n" + strings.Repeat("--b\r\nContent-Type: message/rfc822\r\n\r\n"+trace+"From: a@b.example\r\n\r\nx\r\n", n) + "--b--\r\n"
	}),
	message("multiparts inside each other", 50, func(n int) string {
		return trace + from + many(n, "Content-Type: multipart/mixed; boundary=b#\r\n\r\n--b#\r\n") + "\r\nx\r\n"
	}),
	message("lines that look like a boundary", 1000, func(n int) string {
		return trace + "Content-Type: multipart/mixed; boundary=b\r\n" + from + "\r\n--b\r\n\r\n" + strings.Repeat("--bb\r\n--\r\n", n)
	}),
	message("parameters of Content-Type", 500, func(n int) string { return trace + "Content-Type: text/plain" + many(n, "; p#=q") + "\r\n" + tail }),
	message("quoted headers of forwards", 200, func(n int) string {
		return trace + from + "\r\n" + strings.Repeat("-----Original Message-----\r\nFrom: a@b.example\r\nSent: today\r\nTo: x\r\nSubject: y\r\n\r\n", n)
	}),
	message("lines of a bounce", 500, func(n int) string {
		return trace + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n" + from + "\r\n--b\r\n\r\n" +
			strings.Repeat("550 5.7.23 SPF of a@kelp.example [192.0.2.1] fails\r\n", n) + "--b\r\nContent-Type: message/delivery-status\r\n\r\n" + strings.Repeat("Action: failed\r\nDiagnostic-Code: smtp; 550 5.7.1 no\r\n\r\n", n) + "--b--\r\n"
	}),

	// What people paste.
	damaged("pasted lines, quoted", 200, func(f string) string { return "> " + f + "\n" }),
	damaged("pasted lines, numbered", 200, func(f string) string { return "  12  " + f + "\n" }),
	damaged("pasted lines, each blank-separated", 200, func(f string) string { return f + "\n\n" }),
	damaged("pasted, all on one line", 200, func(f string) string { return f + " " }),
	damaged("pasted, values on the next line", 200, func(f string) string { return strings.Replace(f, ": ", ":\t\n", 1) + "\n" }),
	damaged("pasted, as lines of a page", 200, func(f string) string { return "<div>" + strings.ReplaceAll(f, "<", "&lt;") + "</div>\n" }),
	damaged("pasted, escaped", 200, func(f string) string { return strings.ReplaceAll(f, "o", "&#111;") + "<br>" }),
	damaged("pasted, indentation lost", 200, func(f string) string { return strings.ReplaceAll(f, " ", "\n") + "\n" }),
	damaged("pasted, names redacted", 200, func(f string) string { return strings.ReplaceAll(f, "kelp.example", "[redacted]") + "\n" }),
	{"pasted, tags that never close", 1000, func(n int) string { return "<pre>" + small + strings.Repeat("<a <b", n) }, analyze(zone)},
	{"pasted, base64", 1000, func(n int) string {
		return base64.StdEncoding.EncodeToString([]byte(trace + many(n, "X-#: y\r\n") + tail))
	}, analyze(zone)},
	{"pasted, text around", 1000, func(n int) string {
		return strings.Repeat("Dear all, see: this.\n", n) + "\n" + small + strings.Repeat("Regards: me\n", n)
	}, analyze(zone)},

	// What a sender publishes.
	{"terms of an SPF record", 100, func(n int) string { return zone + record("s.kelp.example", "v=spf1"+many(n, " ip4:192.0.2.#")+" -all") }, func(z string) error {
		return withZone(strings.Replace(strings.Replace(z, "kelp.example. TXT", "old.example. TXT", 1), "s.kelp.example. TXT", "kelp.example. TXT", 1))
	}},
	{"records of a name", 100, func(n int) string { return zone + many(n, "kelp.example. TXT \"v=spf1 ip4:192.0.2.# -all\"\n") }, withZone},
	{"MX hosts", 100, func(n int) string {
		return "kelp.example. TXT \"v=spf1 mx -all\"\n" + many(n, "kelp.example. MX # mx#.kelp.example.\nmx#.kelp.example. A 192.0.2.1\n")
	}, withZone},
	{"names of a PTR", 100, func(n int) string {
		return "kelp.example. TXT \"v=spf1 ptr -all\"\n" + many(n, "1.100.51.198.in-addr.arpa. PTR h#.kelp.example.\nh#.kelp.example. A 198.51.100.1\n")
	}, withZone},
	{"a chain of CNAMEs", 100, func(n int) string {
		return "kelp.example. CNAME c1.kelp.example.\n" + chained(n)
	}, withZone},
	{"nested includes", 30, func(n int) string {
		return "kelp.example. TXT \"v=spf1 include:i1.example -all\"\n" + included(n)
	}, withZone},
	{"terms of an SPF record, domain", 40, func(n int) string {
		return record("kelp.example", "v=spf1"+many(n, " a:h#.kelp.example ip4:192.0.2.#")+" -all")
	}, domain},
	{"terms of an SPF record beyond the bound, domain", 300, func(n int) string {
		return record("kelp.example", "v=spf1"+many(n, " ip4:192.0.2.# ip4:192.0.2.0/24")+" -all")
	}, domain},
	{"MX hosts, domain", 30, func(n int) string {
		return many(n, "kelp.example. MX # mx#.kelp.example.\nmx#.kelp.example. A 192.0.2.1\n_25._tcp.mx#.kelp.example. TLSA 3 1 1 "+strings.Repeat("00", 32)+"\n")
	}, domain},
	{"TLSA records, domain", 50, func(n int) string {
		return "kelp.example. MX 1 mx.kelp.example.\nmx.kelp.example. A 192.0.2.1\n" + many(n, "_25._tcp.mx.kelp.example. TLSA 3 1 1 "+strings.Repeat("00", 32)+"\n")
	}, domain},
	{"tags of a DMARC record, domain", 200, func(n int) string { return record("_dmarc.kelp.example", "v=DMARC1; p=none; "+many(n, "x#=y; ")) }, domain},
	{"receivers of DMARC reports, domain", 60, func(n int) string {
		return record("_dmarc.kelp.example", "v=DMARC1; p=none; rua="+many(n, "mailto:a@r#.example,")+"mailto:a@kelp.example")
	}, domain},
	{"tags of a key, domain", 200, func(n int) string { return record("s._domainkey.kelp.example", "v=DKIM1; "+many(n, "x#=y; ")+"p=AAAA") }, domain},
	{"lines of a zone file", 1000, func(n int) string { return zone + many(n, "n#.kelp.example. TXT \"x\"\n") }, withZone},
	{"parentheses of a zone file", 1000, func(n int) string {
		return zone + "n.kelp.example. TXT (" + strings.Repeat(" \"x\"\n ; comment\n", n) + ")\n"
	}, withZone},
	{"lines of a recording", 500, func(n int) string {
		return "{" + many(n, `"n#.example":{"TXT":[["x"]]},`) + `"n.example":{}}`
	}, replay},

	// Mailboxes.
	{"messages of a mailbox", 300, func(n int) string {
		return strings.Repeat("From a@kelp.example Wed Dec  2 10:00:00 2026\n"+strings.ReplaceAll(small, "\r", "")+"\n", n)
	}, mbox},
	{"quoted From lines of a mailbox", 2000, func(n int) string {
		return "From a@kelp.example Wed Dec  2 10:00:00 2026\n" + strings.ReplaceAll(small, "\r", "") + strings.Repeat(">From x\n\n>>From y\n", n)
	}, mbox},
}

// chained is n CNAMEs, each to the next.
func chained(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "c%d.kelp.example. CNAME c%d.kelp.example.\n", i+1, i+2)
	}
	return b.String()
}

// included is n records, each with the next inside.
func included(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "i%d.example. TXT \"v=spf1 include:i%d.example ?all\"\n", i+1, i+2)
	}
	return b.String()
}
