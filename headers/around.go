package headers

// lookAround gathers what says nothing about whether the message is genuine,
// but a lot about the hosts that it passed.
func (f *Facts) lookAround() {
	f.readClocks()
	f.findNullMX()
	f.lookAtHelo()
	f.readBounce()
	f.readSecured(f.ask.watch)
}
