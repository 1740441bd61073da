package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/zonefile"
	"github.com/mailtrace/mailtrace/web/desk"
)

func example(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// started is a server with the zone of the BT example, or with res.
func started(t testing.TB, res dns.Resolver) *Server {
	t.Helper()
	if res == nil {
		zone, err := zonefile.Parse("bt.zone", example(t, "bt.zone"))
		if err != nil {
			t.Fatal(err)
		}
		res = zone
	}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(l, Options{DNS: "Asks a zone.", Tool: "mailtrace test", Desk: desk.New(desk.Options{Resolver: res, Rules: desk.Rules(), Now: time.Now})})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// request asks as the page does, changed by change.
func request(s *Server, method, path string, body io.Reader, change func(*http.Request)) *http.Response {
	r := httptest.NewRequest(method, "http://"+s.addr+path, body)
	r.AddCookie(&http.Cookie{Name: s.cookie(), Value: s.token})
	if method == http.MethodPost {
		r.Header.Set("Origin", "http://"+s.addr)
		r.Header.Set("X-Mailtrace", "1")
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Result()
}

// Whatever does not come from the page itself is refused.
func TestGuards(t *testing.T) {
	s := started(t, nil)
	test := func(name, method, path string, want int, change func(*http.Request)) {
		t.Helper()
		r := request(s, method, path, strings.NewReader(""), change)
		if r.StatusCode != want {
			t.Errorf("%s: %d, want %d", name, r.StatusCode, want)
		}
		if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", name, csp)
		}
	}
	test("the page", "GET", "/", 200, nil)
	test("a script", "GET", "/app.js", 200, nil)
	test("no such file", "GET", "/web.go", 404, nil)
	test("a question", "POST", "/ask?domain=example.com", 200, nil)
	test("no cookie", "GET", "/", 403, func(r *http.Request) { r.Header.Del("Cookie") })
	test("no cookie for a question", "POST", "/ask?domain=example.com", 403, func(r *http.Request) { r.Header.Del("Cookie") })
	test("a cookie of another start", "GET", "/", 403, func(r *http.Request) { r.Header.Set("Cookie", s.cookie()+"=AAAAAAAAAAAAAAAAAAAAAA") })
	test("a wrong token", "GET", "/?token=x", 403, func(r *http.Request) { r.Header.Del("Cookie") })
	test("the token", "GET", "/?token="+s.token, 303, func(r *http.Request) { r.Header.Del("Cookie") })
	test("a name of somebody else's", "GET", "/", 403, func(r *http.Request) { r.Host = "rebound.example" })
	test("another port", "GET", "/", 403, func(r *http.Request) { r.Host = "127.0.0.1:1" })
	test("localhost", "GET", "/", 200, func(r *http.Request) { r.Host = strings.Replace(s.addr, "127.0.0.1", "localhost", 1) })
	test("another site", "POST", "/ask?domain=example.com", 403, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
	test("a sandbox", "POST", "/ask?domain=example.com", 403, func(r *http.Request) { r.Header.Set("Origin", "null") })
	test("no origin", "POST", "/ask?domain=example.com", 403, func(r *http.Request) { r.Header.Del("Origin") })
	test("a form", "POST", "/ask?domain=example.com", 403, func(r *http.Request) { r.Header.Del("X-Mailtrace") })
	test("an image of another site", "GET", "/app.js", 403, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	test("a long address", "GET", "/?"+strings.Repeat("a", 10_000), 414, nil)
	test("an answer that is not there", "GET", "/file/7.json", 404, nil)
	test("an answer that is not a number", "GET", "/file/x.json", 404, nil)
}

func TestListen(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:0", "[::]:0", "example.com:0", ":0"} {
		if l, err := Listen(addr); err == nil {
			l.Close()
			t.Errorf("listens on %s", addr)
		}
	}
}

func events(t *testing.T, r *http.Response) []desk.Event {
	t.Helper()
	var out []desk.Event
	for d := json.NewDecoder(r.Body); ; {
		var e desk.Event
		if err := d.Decode(&e); err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
}

func TestAsk(t *testing.T) {
	s := started(t, nil)
	got := events(t, request(s, "POST", "/ask?dns=1&name=bt.eml", bytes.NewReader(example(t, "bt.eml")), nil))
	first, last := got[0], got[len(got)-1]
	if first.Event != desk.EventPath || last.Event != desk.EventDone || last.Status != "checked-in-wrong-place" || last.Asked == 0 {
		t.Fatalf("%+v … %+v", first, last)
	}
	for _, f := range []struct{ path, want string }{
		{"/file/1.json", `"status": "checked-in-wrong-place"`}, {"/file/1.svg", "<svg "}, {"/file/1.html", "<!DOCTYPE html>"}, {"/file/1.txt", "smtpe1"},
		{"/file/1.fragment", "<article"}, {"/file/1.json?redacted=1", "user-1@example.com"},
	} {
		r := request(s, "GET", f.path, nil, nil)
		body, _ := io.ReadAll(r.Body)
		if r.StatusCode != 200 || !bytes.Contains(body, []byte(f.want)) {
			t.Errorf("%s: %d, no %q", f.path, r.StatusCode, f.want)
		}
		if !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s would be shown as a page of the server", f.path)
		}
		if strings.Contains(f.path, "redacted") && bytes.Contains(body, []byte("brian")) {
			t.Errorf("%s is not redacted", f.path)
		}
	}

	got = events(t, request(s, "POST", "/ask?dns=0", bytes.NewReader(example(t, "bt.eml")), nil))
	if len(got) != 1 || got[0].Event != desk.EventDone || got[0].Asked != 0 {
		t.Errorf("without DNS: %+v", got)
	}
	got = events(t, request(s, "POST", "/ask?dns=1&domain=example.com", nil, nil))
	if last := got[len(got)-1]; last.Event != desk.EventDone || last.Title != "example.com" {
		t.Errorf("a domain: %+v", last)
	}
	got = events(t, request(s, "POST", "/ask?dns=0", strings.NewReader("\x00"), nil))
	if last := got[len(got)-1]; last.Event != desk.EventError {
		t.Errorf("no message: %+v", last)
	}
	if r := request(s, "POST", "/ask?dns=0", io.LimitReader(zeros{}, desk.MaxInput+1), nil); r.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too long: %d", r.StatusCode)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// silent is a resolver that never answers.
type silent struct{ asked, ended chan struct{} }

func (s *silent) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	select {
	case s.asked <- struct{}{}:
	default:
	}
	<-ctx.Done()
	select {
	case s.ended <- struct{}{}:
	default:
	}
	return dns.Answer{}, dns.CancelledBy(ctx, name, t)
}

// A question whose asker goes away ends at once, and a stop ends the rest.
func TestCancelAndStop(t *testing.T) {
	res := &silent{make(chan struct{}, 1), make(chan struct{}, 1)}
	s := started(t, res)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+s.addr+"/ask?dns=1", bytes.NewReader(example(t, "bt.eml")))
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: s.cookie(), Value: s.token})
	r.Header.Set("Origin", "http://"+s.addr)
	r.Header.Set("X-Mailtrace", "1")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	<-res.asked
	cancel()
	select {
	case <-res.ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the question goes on")
	}

	// Too many at once are refused.
	for range maxAtOnce {
		s.slots <- struct{}{}
	}
	if r := request(s, "POST", "/ask?domain=example.com", nil, nil); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one more question: %d", r.StatusCode)
	}
	for range maxAtOnce {
		<-s.slots
	}
}

func TestStop(t *testing.T) {
	res := &silent{make(chan struct{}, 1), make(chan struct{}, 1)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(l, Options{Desk: desk.New(desk.Options{Resolver: res, Now: time.Now})})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	go func() {
		r, _ := http.NewRequest("POST", "http://"+s.addr+"/ask?dns=1", bytes.NewReader([]byte("From: a@example.com\r\n\r\n")))
		r.AddCookie(&http.Cookie{Name: s.cookie(), Value: s.token})
		r.Header.Set("Origin", "http://"+s.addr)
		r.Header.Set("X-Mailtrace", "1")
		if resp, err := http.DefaultClient.Do(r); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}()
	<-res.asked
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(2 * stopTime):
		t.Error("the server does not stop")
	}
}
