package services_test

import (
	"fmt"

	"github.com/mailtrace/mailtrace/headers/services"
)

// Whose is this host, and does its line face the Internet?
func ExampleFind() {
	for _, host := range []string{"mx0a-00123456.pphosted.com", "mail.example.com"} {
		s := services.Find(host, services.MX).First()
		if s == nil {
			fmt.Println(host, "takes mail for no service that is known")
			continue
		}
		fmt.Println(host, "takes mail for", s.Org(), "as a", s.Role)
	}
	// Output:
	// mx0a-00123456.pphosted.com takes mail for pphosted.com as a gateway
	// mail.example.com takes mail for no service that is known
}
