package domain

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/internal/mailname"
	"github.com/mailtrace/mailtrace/report"
)

// Marks looks at the logo of a BIMI record and at its certificate.
type Marks struct {
	// Fetch gets a file over HTTPS; MaxMark and one more bytes suffice.
	Fetch func(ctx context.Context, url string) (Fetched, error)
	// Roots are the authorities of mark certificates. nil takes none: then only the
	// chain is looked at that the certificate brings along, as the system's
	// authorities are those of web servers.
	Roots *x509.CertPool
}

const (
	// MaxMark is the size in bytes up to which a logo or a certificate is read.
	MaxMark = 256 << 10
	// maxLogo is the size in bytes that a logo should not exceed
	// (draft-svg-tiny-ps-abrotman; receivers take 32 KB).
	maxLogo = 32 << 10
	// maxSVGDepth and maxSVGParts bound the elements that are read.
	maxSVGDepth = 200
	maxSVGParts = 20000
	maxFaults2  = 6 // faults of one logo that are named
)

// logoAndCertificate fetches what a record names.
func (c *checker) logoAndCertificate(s *section, out *report.BIMI) {
	m := c.opt.Marks
	if m == nil || m.Fetch == nil || out.State != report.StatePresent || out.Declined || s.check.Error != nil && out.Logo == "" {
		return
	}
	logo := c.fetchMark(s, "bimi-logo-format", "logo", out.Logo)
	if logo != nil {
		bad, flat := logoFaults(logo.Body)
		out.LogoValid = is(len(bad) == 0)
		if flat != "" {
			s.add("bimi-logo-format", at{name: out.Logo, severity: report.Info, advice: "draw it in a square: receivers cut it to one, or to a circle"}, "the logo %s %s", cut(out.Logo, 120), flat)
		}
		for _, fault := range bad {
			s.add("bimi-logo-format", at{name: out.Logo}, "the logo %s is not SVG Tiny PS: %s", cut(out.Logo, 120), fault)
		}
		if media, _, _ := strings.Cut(logo.ContentType, ";"); media != "" && !strings.EqualFold(strings.TrimSpace(media), "image/svg+xml") {
			s.add("bimi-logo-format", at{name: out.Logo, severity: report.Info}, "the logo %s is sent as %s, not as image/svg+xml", cut(out.Logo, 120), cut(media, 60))
		}
		if len(logo.Body) > maxLogo {
			s.add("bimi-logo-format", at{name: out.Logo}, "the logo %s has %d bytes; receivers take %d", cut(out.Logo, 120), len(logo.Body), maxLogo)
		}
	}
	if out.Authority == "" {
		return
	}
	file := c.fetchMark(s, "bimi-certificate-invalid", "certificate", out.Authority)
	if file == nil {
		return
	}
	c.markCertificate(s, out, file.Body, logo)
}

// fetchMark gets one file; nil where it is not to be had.
func (c *checker) fetchMark(s *section, code, what, address string) *Fetched {
	got, err := c.opt.Marks.Fetch(c.ctx, address)
	switch {
	case err != nil:
		s.gap(cut(address, 200), notFetched(err))
		return nil
	case got.TLSError != "":
		s.add(code, at{name: address}, "the %s %s: the certificate of the web server is not valid: %s", what, cut(address, 120), got.TLSError)
	case got.Status >= 300 && got.Status < 400:
		s.add(code, at{name: address}, "the %s %s: the web server answers with the redirect %d, which not all receivers follow", what, cut(address, 120), got.Status)
	case got.Status != 200:
		s.add(code, at{name: address}, "the %s %s: the web server answers with status %d", what, cut(address, 120), got.Status)
	case len(got.Body) > MaxMark:
		s.add(code, at{name: address}, "the %s %s has more than %d bytes", what, cut(address, 120), MaxMark)
	default:
		return &got
	}
	return nil
}

// Elements that the profile leaves out: what runs, moves, links or brings in
// pictures and pages (draft-svg-tiny-ps-abrotman §2).
var notInLogo = []string{"script", "handler", "listener", "animate", "animateColor", "animateMotion", "animateTransform", "set", "animation",
	"image", "foreignObject", "iframe", "audio", "video", "a", "discard", "prefetch", "tbreak"}

// logoFaults says what in a picture is against the profile SVG Tiny PS. flat says
// how it is not square, which receivers want it to be.
func logoFaults(body []byte) (faults []string, flat string) {
	fault := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); len(faults) < maxFaults2 && !slices.Contains(faults, text) {
			faults = append(faults, text)
		}
	}
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return []string{"it is compressed (svgz)"}, ""
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(label string, r io.Reader) (io.Reader, error) { return nil, errors.New("charset " + label) }
	depth, parts, title := 0, 0, false
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			fault("it is not well-formed XML%s", lineOf(err))
			return faults, flat
		}
		switch t := token.(type) {
		case xml.Directive:
			if strings.Contains(strings.ToUpper(string(t)), "ENTITY") {
				fault("it declares entities")
			}
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if depth++; depth > maxSVGDepth {
				fault("more than %d elements inside each other", maxSVGDepth)
				return faults, flat
			}
			if parts++; parts > maxSVGParts {
				fault("more than %d elements", maxSVGParts)
				return faults, flat
			}
			if parts == 1 {
				if t.Name.Local != "svg" {
					return []string{"its first element is <" + cut(t.Name.Local, 40) + ">, not <svg>"}, ""
				}
				flat = rootFaults(t, fault)
			}
			title = title || t.Name.Local == "title" && depth == 2
			if slices.Contains(notInLogo, t.Name.Local) {
				fault("it has an element <%s>", t.Name.Local)
			}
			for _, a := range t.Attr {
				value := strings.TrimSpace(a.Value)
				switch {
				case a.Name.Local == "href" && !strings.HasPrefix(value, "#"):
					fault("it refers to something outside: %s", quoted(cut(value, 60)))
				case strings.Contains(value, "url(") && !strings.Contains(value, "url(#") && !strings.Contains(value, "url('#") && !strings.Contains(value, `url("#`):
					fault("it refers to something outside: %s", quoted(cut(value, 60)))
				case a.Name.Space == "" && len(a.Name.Local) > 2 && strings.HasPrefix(a.Name.Local, "on"):
					fault("it has a script in %s", cut(a.Name.Local, 30))
				}
			}
		}
	}
	switch {
	case parts == 0:
		fault("it holds no picture")
	case !title:
		fault("it has no <title>")
	}
	return faults, flat
}

func lineOf(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf(" (line %d)", syntax.Line)
	}
	return ""
}

func rootFaults(root xml.StartElement, fault func(string, ...any)) (flat string) {
	attr := func(name string) (string, bool) {
		for _, a := range root.Attr {
			if a.Name.Local == name && a.Name.Space == "" {
				return strings.TrimSpace(a.Value), true
			}
		}
		return "", false
	}
	if root.Name.Space != "http://www.w3.org/2000/svg" {
		fault("the namespace of <svg> is not http://www.w3.org/2000/svg")
	}
	if v, _ := attr("version"); v != "1.2" {
		fault(`<svg> has no version="1.2"`)
	}
	if v, _ := attr("baseProfile"); v != "tiny-ps" {
		fault(`<svg> has no baseProfile="tiny-ps"`)
	}
	for _, name := range [...]string{"x", "y"} {
		if _, ok := attr(name); ok {
			fault("<svg> has the attribute %s", name)
		}
	}
	if box, ok := attr("viewBox"); ok {
		words := strings.FieldsFunc(box, func(r rune) bool { return r == ' ' || r == ',' })
		if len(words) == 4 {
			w, err1 := strconv.ParseFloat(words[2], 64)
			h, err2 := strconv.ParseFloat(words[3], 64)
			if err1 == nil && err2 == nil && w != h {
				flat = fmt.Sprintf("is not square (%s by %s)", cut(words[2], 12), cut(words[3], 12))
			}
		}
	}
	return flat
}

// What a mark certificate is told by.
var (
	oidMark     = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 31} // id-kp-BrandIndicatorforMessageIdentification
	oidLogotype = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 12} // RFC 9399 §4.1
	oidMarkType = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 53087, 1, 13}
)

// markCertificate judges a mark certificate (VMC or CMC) with the certificates
// behind it: what it is for, its names, its dates, its chain, the logo in it.
func (c *checker) markCertificate(s *section, out *report.BIMI, body []byte, logo *Fetched) {
	bad := func(format string, args ...any) {
		s.add("bimi-certificate-invalid", at{name: out.Authority}, "the mark certificate %s: %s", cut(out.Authority, 120), fmt.Sprintf(format, args...))
		if out.Certificate != nil && out.Certificate.Problem == "" {
			out.Certificate.Problem = fmt.Sprintf(format, args...)
		}
	}
	var chain []*x509.Certificate
	for rest := body; len(chain) < maxChain; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			if strings.Contains(block.Type, "PRIVATE KEY") {
				s.add("bimi-certificate-invalid", at{name: out.Authority, severity: report.Critical, advice: "make a new key, have the certificate issued again, and take this file off the server at once"},
					"the file %s holds a private key, for everybody to take", cut(out.Authority, 120))
			}
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			bad("certificate %d of the file cannot be read", len(chain)+1)
			return
		}
		chain = append(chain, cert)
	}
	if len(chain) == 0 {
		bad("the file holds no certificate in PEM form")
		return
	}
	leaf := chain[0]
	out.Certificate = certificateOf(leaf)
	for _, n := range leaf.Subject.Names {
		if n.Type.Equal(oidMarkType) {
			out.MarkType, _ = n.Value.(string)
			out.MarkType = cut(out.MarkType, 60)
		}
	}
	now := c.opt.Now
	if now.IsZero() {
		now = leaf.NotBefore.Add(time.Second)
	}
	switch {
	case !slices.ContainsFunc(leaf.UnknownExtKeyUsage, oidMark.Equal):
		bad("it is not for brand indicators (extended key usage 1.3.6.1.5.5.7.3.31 is missing); the first certificate in the file has to be that of the mark")
		return
	case now.After(leaf.NotAfter):
		bad("it ended on %s", leaf.NotAfter.UTC().Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		bad("it begins on %s", leaf.NotBefore.UTC().Format(time.DateOnly))
	case leaf.NotAfter.Sub(now) < soonExpired:
		s.add("bimi-certificate-invalid", at{name: out.Authority, advice: "renew it"}, "the mark certificate %s ends on %s", cut(out.Authority, 120), leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	if !c.markNames(leaf.DNSNames, out.Selector) {
		bad("it names %s, not %s", cmp.Or(cut(strings.Join(leaf.DNSNames[:min(len(leaf.DNSNames), 4)], ", "), 200), "no domain"), c.domain)
	}
	if why := chainFault(chain, now, c.opt.Marks.Roots); why != "" {
		bad("%s", why)
	}
	inside, err := embeddedLogo(leaf)
	switch {
	case err != nil:
		bad("%s", err)
	case logo != nil && !bytes.Equal(bytes.TrimSpace(inside), bytes.TrimSpace(logo.Body)):
		s.add("bimi-logo-differs", at{name: out.Logo}, "the logo at %s is not the one in the mark certificate; receivers that check both show none", cut(out.Logo, 120))
	}
}

func certificateOf(leaf *x509.Certificate) *report.Certificate {
	out := &report.Certificate{Subject: cut(leaf.Subject.String(), 300), Issuer: cut(leaf.Issuer.String(), 300), Names: leaf.DNSNames[:min(len(leaf.DNSNames), MaxRecords)],
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, SHA256: hex.EncodeToString(sha256Of(leaf.Raw))}
	if out.Names == nil {
		out.Names = []string{}
	}
	return out
}

// markNames reports whether a certificate names the domain, one above it, or the
// domain with the selector (draft-fetch-validation-vmc-wchuang §5.1).
func (c *checker) markNames(names []string, selector string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		n = strings.ToLower(strings.TrimSuffix(n, "."))
		n = strings.TrimPrefix(n, selector+"._bimi.")
		return n == c.domain || mailname.Within(c.domain, n) && strings.Contains(n, ".")
	})
}

// chainFault says what is wrong with the chain, "" where nothing is.
func chainFault(chain []*x509.Certificate, now time.Time, roots *x509.CertPool) string {
	leaf := *chain[0]
	// A verifier must know its critical extensions; that of the logo is known here.
	leaf.UnhandledCriticalExtensions = slices.DeleteFunc(slices.Clone(leaf.UnhandledCriticalExtensions), oidLogotype.Equal)
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	if roots == nil {
		if len(chain) == 1 {
			return "the certificate of its issuer is missing in the file"
		}
		roots = x509.NewCertPool() // the last one stands for the authority
		roots.AddCert(chain[len(chain)-1])
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		var invalid x509.CertificateInvalidError
		if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
			if now.After(chain[0].NotAfter) || now.Before(chain[0].NotBefore) {
				return "" // said already
			}
			return "a certificate behind it has ended"
		}
		return "the chain in the file does not lead from it to its authority"
	}
	return ""
}

// dataURI finds the picture in a logotype extension (RFC 9399 §4.1): a string that
// is a data: URI.
func dataURI(der []byte, depth int) string {
	for len(der) > 0 && depth < 12 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			return ""
		}
		der = rest
		if v.IsCompound {
			if found := dataURI(v.Bytes, depth+1); found != "" {
				return found
			}
		} else if bytes.HasPrefix(v.Bytes, []byte("data:image/svg+xml")) {
			return string(v.Bytes)
		}
	}
	return ""
}

// embeddedLogo is the picture in a mark certificate: a data: URI in the logotype
// extension, compressed as a rule.
func embeddedLogo(cert *x509.Certificate) ([]byte, error) {
	var raw []byte
	for _, e := range cert.Extensions {
		if e.Id.Equal(oidLogotype) {
			raw = e.Value
		}
	}
	if raw == nil {
		return nil, errors.New("it holds no logo (the logotype extension is missing)")
	}
	uri := dataURI(raw, 0)
	params, text, ok := strings.Cut(uri, ",")
	if !ok {
		return nil, errors.New("its logo is not inside the certificate")
	}
	unreadable := errors.New("its logo cannot be read")
	if !strings.Contains(params, "base64") {
		plain, err := url.PathUnescape(text)
		if err != nil {
			return nil, unreadable
		}
		return []byte(plain), nil
	}
	picture, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, unreadable
	}
	if !bytes.HasPrefix(picture, []byte{0x1f, 0x8b}) {
		return picture, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(picture))
	if err != nil {
		return nil, unreadable
	}
	plain, err := io.ReadAll(io.LimitReader(z, MaxMark+1))
	if err != nil || len(plain) > MaxMark {
		return nil, unreadable
	}
	return plain, nil
}
