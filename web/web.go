// Package web is the local page of mailtrace serve: a message is pasted,
// dropped or a domain typed, and the answer appears as it is found. It is for
// one person on one machine: it listens on the loopback address only, answers
// only whoever has the token that it was started with, stores nothing and
// sends nothing but DNS questions.
//
// Not stable: it serves the program.
package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/web/desk"
	"github.com/mailtrace/mailtrace/web/page"
)

// Bounds of the server.
const (
	maxAtOnce     = 4        // answers under way
	maxHeader     = 16 << 10 // bytes of the header of a request
	readTime      = time.Minute
	stopTime      = 500 * time.Millisecond // for answers under way when it ends
	maxURL        = 8 << 10
	policy        = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types mailtrace"
	downloadRules = "default-src 'none'; sandbox; frame-ancestors 'none'"
)

// Options are settings of a server.
type Options struct {
	Desk *desk.Desk
	// DNS says in a line whom the page asks; "" where it asks nobody.
	DNS string
	// Tool is the name and version of the program.
	Tool string
}

// Server is the local page.
type Server struct {
	o     Options
	token string
	slots chan struct{}
	files map[string]string
	hosts map[string]bool
	addr  string
}

// Listen takes a port of the loopback address. Any other address is refused:
// the page has no other guard than the token, and is for one person.
func Listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address and port", addr)
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, ErrNotLoopback
	}
	return net.Listen("tcp", addr)
}

// ErrNotLoopback is returned for an address that others can reach.
var ErrNotLoopback = errors.New("the page is for this machine only: give a loopback address")

// New makes a server for a listener, with a token of its own.
func New(l net.Listener, o Options) *Server {
	var secret [16]byte
	rand.Read(secret[:]) // never fails
	s := &Server{o: o, token: base64.RawURLEncoding.EncodeToString(secret[:]), slots: make(chan struct{}, maxAtOnce), files: page.Files(),
		addr: l.Addr().String(), hosts: map[string]bool{}}
	_, port, _ := net.SplitHostPort(s.addr)
	for _, h := range []string{"127.0.0.1", "localhost", "[::1]"} {
		s.hosts[h+":"+port] = true
	}
	s.hosts[s.addr] = true
	return s
}

// URL is the address to open. It holds the token, which the page then keeps as
// a cookie.
func (s *Server) URL() string { return "http://" + s.addr + "/?token=" + s.token }

// Serve answers until ctx ends, and then lets answers under way come to an end
// for a moment.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	under, stop := context.WithCancel(context.Background())
	defer stop()
	srv := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: readTime, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return under }, ErrorLog: log.New(io.Discard, "", 0),
	}
	s.o.Desk.Warm(ctx)
	failed := make(chan error, 1)
	var serving guard.Group
	serving.Go(func() { failed <- srv.Serve(l) })
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	err := srv.Shutdown(grace)
	stop()
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	return err
}

// Handler is the page with all its guards.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /{file}", s.file)
	mux.HandleFunc("POST /ask", s.ask)
	mux.HandleFunc("GET /file/{name}", s.download)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Frame-Options", "DENY")
		if len(r.URL.String()) > maxURL {
			http.Error(w, "the address is too long", http.StatusRequestURITooLong)
			return
		}
		if problem := s.guard(w, r); problem != "" {
			http.Error(w, problem, http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// guard says why a request is refused, "" where it is not. A name that leads
// to this address by somebody else's DNS is caught by Host, another site in
// the same browser by Origin and the cookie, another user of the machine by
// the token.
func (s *Server) guard(w http.ResponseWriter, r *http.Request) string {
	if !s.hosts[r.Host] {
		return "this page is for 127.0.0.1 only"
	}
	origin := r.Header.Get("Origin")
	if origin != "" && (!strings.HasPrefix(origin, "http://") || !s.hosts[strings.TrimPrefix(origin, "http://")]) {
		return "asked by another page"
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return "asked by another page"
	}
	if r.Method == http.MethodPost && (r.Header.Get("X-Mailtrace") == "" || origin == "") {
		return "not asked by this page"
	}
	if r.URL.Path == "/" && r.Method == http.MethodGet && r.URL.Query().Has("token") {
		if s.is(r.URL.Query().Get("token")) {
			return ""
		}
		return "this token is of another start: open the address that mailtrace serve printed"
	}
	if c, err := r.Cookie(s.cookie()); err != nil || !s.is(c.Value) {
		return "open the address that mailtrace serve printed: it holds a token"
	}
	return ""
}

func (s *Server) is(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) == 1
}

// cookie is named for the port: cookies are shared by all ports of a host.
func (s *Server) cookie() string {
	_, port, _ := net.SplitHostPort(s.addr)
	return "mailtrace-" + port
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("token") {
		http.SetCookie(w, &http.Cookie{Name: s.cookie(), Value: s.token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	attributes := fmt.Sprintf(` data-dns="%s" data-tool="%s" data-max="%d"`, html.EscapeString(s.o.DNS), html.EscapeString(s.o.Tool), desk.MaxInput)
	io.WriteString(w, page.Index("", attributes, page.Serve, page.Report, page.App))
}

func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	text, ok := s.files[name]
	if !ok || name == page.Wasm || name == page.Worker {
		http.NotFound(w, r)
		return
	}
	kind := "text/javascript; charset=utf-8"
	if name == page.Style {
		kind = "text/css; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	io.WriteString(w, text)
}

// ask answers a question as lines of JSON, each as soon as it is known.
func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		http.Error(w, "too many questions at once: wait for the answers", http.StatusServiceUnavailable)
		return
	}
	values := r.URL.Query()
	q := desk.Question{Name: values.Get("name"), Domain: values.Get("domain"), DNS: values.Get("dns") == "1", Trust: values["trust"]}
	if !values.Has("domain") {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, desk.MaxInput))
		if err != nil {
			status := http.StatusBadRequest
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
				status = http.StatusRequestEntityTooLarge
			}
			http.Error(w, "the message is too long for this page: mailtrace analyze takes it", status)
			return
		}
		q.Message = body
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	control := http.NewResponseController(w)
	s.o.Desk.Answer(r.Context(), q, func(e desk.Event) {
		if out.Encode(e) == nil {
			_ = control.Flush()
		}
	})
}

// download gives an answer as a file. It is never shown as a page of this
// server.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	number, format, _ := strings.Cut(r.PathValue("name"), ".")
	id, err := strconv.Atoi(number)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	f, err := s.o.Desk.File(id, format, r.URL.Query().Get("redacted") == "1")
	if errors.Is(err, desk.ErrGone) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Security-Policy", downloadRules)
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(f.Name))
	w.Write(f.Body)
}
