package findings

// Group C: DKIM broken in transit.
var brokenDKIM = []*Rule{
	dkimBrokenSubjectTag,
	dkimBrokenFooter,
	dkimBrokenBanner,
	dkimBrokenLinkRewrite,
	dkimBrokenMIMEReencoded,
	dkimBrokenRefold,
	dkimBrokenHeaderNormalised,
	dkimBrokenFromRewritten,
	dkimBrokenTNEFConversion,
	dkimBrokenOversignedHeaderAdded,
	dkimBrokenSignedHeaderRemoved,
	dkimBrokenAttachmentRemoved,
	dkimBrokenLineEndings,
	dkimBrokenAtSource,
	dkimSignatureRemoved,
	dkimBrokenUnlocated,
}
