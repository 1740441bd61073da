package received

// sonicwall: from HELO ([addr]) by HOST ([addr]) (SonicWall 10.0.16.7295) with ESMTPS
// (version=TLSv1.2 cipher=C bits=256/256) id o202209071322190176968-11; D
var sonicwall = dialect{
	name: "sonicwall", product: "SonicWall", rdns: RDNSNone, tlsShown: true,
	claims: signature("SonicWall"),
	read:   versioned("SonicWall"),
}
