// Command mailtrace says where and why the authentication of an e-mail broke,
// and proves it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signals()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, systemEnvironment())
	stop()
	os.Exit(code)
}

// signals are those that end a run.
func signals() (context.Context, context.CancelFunc) {
	// A reader that went away, as head does, is told by the error of the write: the
	// run ends as any other does, with its exit code and its files put away.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}
