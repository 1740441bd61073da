package headers

// backgroundOf asks what the checks left open.
func backgroundOf(c Facts) Background {
	f := &c
	f.findTwin()
	f.lookAtAuthor()
	f.findNullMX()
	f.lookAtHelo()
	f.readSecured(f.ask.watch)
	return f.Background
}

// contentsOf reads the messages and reports inside the message, and what a bounce
// tells.
func contentsOf(c Facts) Contents {
	f := &c
	f.readParts()
	f.readBounce()
	return f.Contents
}
