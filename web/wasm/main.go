//go:build js && wasm

// Command wasm is what answers on the page without a server. It runs in a
// worker of the browser and is called by web/page/worker.js.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"syscall/js"
	"time"

	"github.com/mailtrace/mailtrace"
	"github.com/mailtrace/mailtrace/dns"
	"github.com/mailtrace/mailtrace/dns/doh"
	"github.com/mailtrace/mailtrace/internal/guard"
	"github.com/mailtrace/mailtrace/web/desk"
)

// answering is the desk of the page.
var answering = desk.New(desk.Options{Resolver: switched{}, Rules: desk.Rules(), Now: now, Load: desk.Load})

func main() {
	js.Global().Set("mailtraceAsk", js.FuncOf(ask))
	js.Global().Set("mailtraceFile", js.FuncOf(file))
	js.Global().Set("mailtraceVersion", mailtrace.Version)
	select {}
}

// fixed stands for the present in a test.
var fixed time.Time

func now() time.Time {
	if !fixed.IsZero() {
		return fixed
	}
	return time.Now()
}

// source is where answers come from. Each question sets it: the page ends one
// before it asks the next.
var source dns.Resolver = dns.Disabled{}

// switched asks the source of the moment.
type switched struct{}

// Lookup implements dns.Resolver.
func (switched) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	return source.Lookup(ctx, name, t)
}

// ask(question, emit) answers a question; emit gets each event as JSON, and
// null at the end. It returns a function that cancels.
func ask(_ js.Value, args []js.Value) any {
	in, emit := args[0], args[1]
	q := desk.Question{Name: text(in, "name"), Domain: text(in, "domain"), DNS: in.Get("dns").Truthy()}
	if b := in.Get("bytes"); b.Truthy() {
		q.Message = make([]byte, min(b.Get("length").Int(), desk.MaxInput+1))
		js.CopyBytesToGo(q.Message, b)
	}
	if t := in.Get("trust"); t.Truthy() {
		for i := range min(t.Length(), 32) {
			q.Trust = append(q.Trust, t.Index(i).String())
		}
	}
	fixed, _ = time.Parse(time.RFC3339, text(in, "now"))
	source = dns.Disabled{}
	switch server, replay := text(in, "server"), text(in, "replay"); {
	case replay != "":
		r, err := dns.ParseReplay(text(in, "replayName"), []byte(replay))
		if err != nil {
			emit.Invoke(`{"event":"error","text":"no recording of DNS answers"}`)
			emit.Invoke(js.Null())
			return js.Undefined()
		}
		source = r
	case q.DNS && server != "":
		source = dns.NewCache(&doh.Resolver{Server: serverName(server), Exchange: exchange(server)}, dns.CacheOptions{Now: now})
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work guard.Group
	work.Go(func() {
		defer emit.Invoke(js.Null())
		defer cancel()
		answering.Answer(ctx, q, func(e desk.Event) {
			if b, err := json.Marshal(e); err == nil {
				emit.Invoke(string(b))
			}
		})
	})
	return js.FuncOf(func(js.Value, []js.Value) any { cancel(); return nil })
}

func serverName(url string) string {
	s := strings.TrimPrefix(url, "https://")
	s, _, _ = strings.Cut(s, "/")
	return s
}

func text(v js.Value, key string) string {
	if x := v.Get(key); x.Type() == js.TypeString {
		return x.String()
	}
	return ""
}

// file(id, format, redacted) is an answer to be saved: {name, type, bytes}, or
// null.
func file(_ js.Value, args []js.Value) any {
	f, err := answering.File(args[0].Int(), args[1].String(), args[2].Truthy())
	if err != nil {
		return js.Null()
	}
	b := js.Global().Get("Uint8Array").New(len(f.Body))
	js.CopyBytesToJS(b, f.Body)
	return map[string]any{"name": f.Name, "type": f.Type, "bytes": b}
}

// patience is how long one question over HTTPS may take.
const patience = 10 * time.Second

// exchange carries DNS messages by the browser's fetch.
func exchange(url string) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, query []byte) ([]byte, error) {
		ctx, stop := context.WithTimeout(ctx, patience)
		defer stop()
		abort := js.Global().Get("AbortController").New()
		body := js.Global().Get("Uint8Array").New(len(query))
		js.CopyBytesToJS(body, query)
		response, err := await(ctx, js.Global().Call("fetch", url, map[string]any{
			"method": "POST", "body": body, "credentials": "omit", "referrerPolicy": "no-referrer", "cache": "no-store",
			"headers": map[string]any{"Content-Type": doh.MediaType, "Accept": doh.MediaType}, "signal": abort.Get("signal"),
		}))
		if err == nil && !response.Get("ok").Bool() {
			err = errors.New("status " + response.Get("statusText").String())
		}
		var buffer js.Value
		if err == nil {
			buffer, err = await(ctx, response.Call("arrayBuffer"))
		}
		if err != nil {
			abort.Call("abort")
			return nil, err
		}
		array := js.Global().Get("Uint8Array").New(buffer)
		out := make([]byte, min(array.Get("length").Int(), doh.MaxMessage+1))
		js.CopyBytesToGo(out, array)
		return out, nil
	}
}

// await waits for a promise.
func await(ctx context.Context, promise js.Value) (js.Value, error) {
	type outcome struct {
		v   js.Value
		err error
	}
	done := make(chan outcome, 1)
	ok := js.FuncOf(func(_ js.Value, args []js.Value) any { done <- outcome{v: args[0]}; return nil })
	bad := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- outcome{err: errors.New(args[0].Call("toString").String())}
		return nil
	})
	promise.Call("then", ok, bad)
	select {
	case o := <-done:
		ok.Release()
		bad.Release()
		return o.v, o.err
	case <-ctx.Done():
		// The functions are still known to the promise; they are few.
		return js.Value{}, ctx.Err()
	}
}
