package main

import "github.com/mailtrace/mailtrace/dns"

func parseReplay(name string, text []byte) (dns.Resolver, error) {
	return nil, wrong("", "replay is not there yet")
}

func (s *source) keep(file string) error { return nil }
