//go:build amd64 && !purego

#include "textflag.h"

// func scanAVX2(p *byte, n int) int
//
// Each round compares 32 bytes (Y4) and the 32 that begin one later (Y5); see
// the function dirty for what is looked for.
TEXT ·scanAVX2(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ $0x2020202020202020, AX
	MOVQ AX, X0
	VPBROADCASTQ X0, Y0 // SP
	MOVQ $0x0d0d0d0d0d0d0d0d, AX
	MOVQ AX, X1
	VPBROADCASTQ X1, Y1 // CR
	MOVQ $0x0a0a0a0a0a0a0a0a, AX
	MOVQ AX, X2
	VPBROADCASTQ X2, Y2 // LF
	MOVQ $0x0909090909090909, AX
	MOVQ AX, X3
	VPBROADCASTQ X3, Y3 // TAB
	XORQ DX, DX

loop:
	CMPQ DX, CX
	JGE  done
	VMOVDQU (SI)(DX*1), Y4
	VMOVDQU 1(SI)(DX*1), Y5
	VPCMPEQB Y4, Y0, Y6 // SP here
	VPCMPEQB Y5, Y0, Y7 // SP next
	VPCMPEQB Y5, Y1, Y8 // CR next
	VPOR Y7, Y8, Y7
	VPAND Y6, Y7, Y6    // SP that SP or CR follows
	VPCMPEQB Y4, Y1, Y8 // CR here
	VPCMPEQB Y5, Y2, Y9 // LF next
	VPANDN Y9, Y8, Y8   // LF after anything but CR
	VPCMPEQB Y4, Y3, Y9 // TAB here
	VPOR Y8, Y6, Y6
	VPOR Y9, Y6, Y6
	VPMOVMSKB Y6, AX
	TESTL AX, AX
	JNZ  hit
	ADDQ $32, DX
	JMP  loop

hit:
	BSFL AX, AX
	ADDQ AX, DX

done:
	VZEROUPPER
	MOVQ DX, ret+16(FP)
	RET
