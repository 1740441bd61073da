package desk

import (
	"errors"

	"github.com/mailtrace/mailtrace/internal/outlook"
)

// loadError is why something cannot be read, with what to do.
type loadError struct {
	error
	hint string
}

// Hint says what to do.
func (e loadError) Hint() string { return e.hint }

// Load makes a message of what was dropped or pasted: the header out of an
// Outlook .msg, anything else as it is.
func Load(_ string, raw []byte) (message []byte, headersOnly bool, err error) {
	if len(raw) == 0 {
		return nil, false, loadError{errors.New("there is nothing in it"), "paste a message or its header"}
	}
	if outlook.Is(raw) {
		h, err := outlook.Headers(raw)
		if err != nil {
			return nil, false, loadError{err, "save it as .eml, or paste its Internet headers"}
		}
		return h, true, nil
	}
	return raw, false, nil
}
