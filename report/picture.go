package report

// Machine is one host of the path, put together from all lines that name it:
// as the writer of its own, and as the client of the next. Machines are the
// nodes of a map of the path, hops its edges.
type Machine struct {
	Names    []string `json:"names"`             // best known first
	Org      string   `json:"org,omitempty"`     // organisation, as far as its names tell
	Role     string   `json:"role"`              // of its zone
	Service  string   `json:"service,omitempty"` // the hosted service that it belongs to, as "Exchange Online"
	Inside   []string `json:"inside"`            // private addresses
	Outside  []string `json:"outside"`           // public ones
	Software []string `json:"software"`          // products with versions, as its lines say
	Wrote    []int    `json:"wrote"`             // hops that it wrote
	Sent     []int    `json:"sent"`              // hops at which it was the client
}

// Kinds of a link.
const (
	LinkPartner = "partner" // a line or tunnel between two organisations, on private addresses
	LinkCloud   = "cloud"   // into or out of a hosted service, within one organisation's part of the path
)

// Link is a hop that is more than a delivery across the Internet.
type Link struct {
	Hop  int    `json:"hop"`
	Kind string `json:"kind"`
	From string `json:"from"`
	To   string `json:"to"`
}

// HeaderField is one field of the header as it came, for views that show the
// header. Text has its name, its folding and no line end behind it.
type HeaderField struct {
	Field int    `json:"field"` // 0-based, from the top
	Line  int    `json:"line"`  // 1-based
	Text  string `json:"text"`
	Cut   int    `json:"cut,omitempty"` // bytes left out behind Text
}
