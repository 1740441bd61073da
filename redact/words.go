package redact

// vocabulary are the words of the report itself, of mail protocols and of
// their replies, and names of roles. By itself such a word says nothing of
// anybody, even where somebody's local part is spelt like it: it is hidden in
// an address, and stays in a sentence. Given names are not in it.
var vocabulary = set(`
about above absent abuse accept acceptable accepted access account accounts action add added address addressed addressee addresses
adh adkim admin advised aecdh afrf after again against agent agree agrees ahead algorithm alias alibaba align aligned alignment
alike all allow allowed allowlist allows alone already although always amavis amavisd amazon among analyse analysed and anew angle
anomaly anon another answer answered answering answers antispam antivirus any anybody anything anywhere apache api app appears
applied applies apply arc arcfour are argument around ascii ask asked asking asks asn aspf attachment attachments attributed
auth authas authenticated authentication authenticity author authorised authorized authors authserv authsource authuser
auto back backscatter backslash backup bad banner bare barracuda base based bcc bcl bear became because been beenthere before
begin beginning begins behalf behind being belong belongs below beside best bestguess bestguesspass between beyond billing bimi
binary bit bits blacklist blank blanks block blocked body bogus border both bounce bounced bounces bound boundary bracket brackets
brand breaks bring broke broken brought bulk but bypassed byte bytes calls came campaign campaignid can cancelled
cannot canonical canonicalization capitals care carries case cbc ceased certificate chain change changed character characters
charset chasquid check checked checks choose cip cipher circles cisco claimed claims clause clearswift client clients clock clocks
cloned closed cloud cloudflare cmp cname code colons come comes comma comment comments common communications communigate compare
compared compares compauth complaints computed confidence confirmed conflict connect connection connector connectors constant
contact contains content context conversion convert coordinated copies copy coremail corp correct corrected could count counting
counts courier cover coverage covers created critical crlf cron cross crossed crosspremises crosstenant crypto csa csp customer
customers cut cuts cyrus dane darn date dated day days december decide decided declares deeper deeply default defect defective
deferred delay delayed delete delimiter delivered delivery delsp demands depend depends depth des designate designates detected
diagnostic did differ different differently differs direct directly dis disagree discard discarded discards discloses disclosure
discontinuous discourages disk display diverges dkim dmarc dns dnssec dnswl document does domain domainkey domainkeys domains
domino dot dovecot down drop drops dsn dual duplicated during each earlier ecelerity edge effect ehlo either else elsewhere email
embed embedded empty emulation enable encoded encoding encrypted end ended endings ends enforce enforced enforcing enhanced
entered entry env envelope error errors esa escaped escapes evaluated evaluation even every everything evidence exactly example
exceed exceeded exchange exchangers exclude exempt exim exist existent existing exists exo exp expanded expands expired explain
explains explanation explanations explicit exponent export exposed facebook factored fail failed failing fails failure fall false
family far fastmail february feedback fetched fetchmail fewer field fields file fill filter filtered filtering final find finding
findings firewall firm first fit fix flag flowed fmt folded follow followed follows footer for forbids forcepoint forefront
foreign forged forgery forgot forgotten form format formats forward forwarded forwarder forwarding forwardingloop found fours
fresh friday from front frontend full further future gap gaps gateway get getmail give given gives global gmail gmt gmx goes
google got greylist greylisted greylisting groupwise grows guess had halon hand handed handing hands hangs happen happens haraka
hardfail has hash hashes hasprefix have hcl header headers held hello helo help here high highest hint hmailserver hold holds
honours hop hops host hosts hotfix hours html http https hub hubspot hybrid ibm icewarp identity ignore ignored iis imail imap
imitates impersonation implicit importance impossible inbox inc incl include included includes incoming incomplete inconsistent
indented inferred info inherited injection inline inner insecure inside instance instances int intelligence
interconnect interface intermail intermediary internal international internet interpret interpreted into intra intranet introduce
invalid invented invoked iplanet iprev ipv ironport ismtpd iso issue iter its itself january java job join json jsonl judge judged
judgement judges july junk keep keeps kept kerio key keywords know known knows kumomta label labels lan large last late later
lay lead leading leads least leave leaves left len length lengths lenient less let lets letter level library lies lifecycle
lifetime likely likewise limit limited limits line lines link links list listed listing lists little live lmtp local localdomain
localhost log logged login logins long longer look looked looks lookup lookups loop loopback lost lotus low lower lowers mac
machine macro macros maddy made mail mailbox mailboxes mailcontrol mailenable mailer mailfrom mailgun mailing mailserver mailto
mailtrace make maker makes malformed malware mandrill many mapi mapped march marked marketing marks match matches math maxfield
maximum may mdaemon mean means meant mechanism medium mend message messagelabs messages messaging metadefender method mfrom
microsoft might milter mime mimecast min mismatch missing misuses modification modified modifier modulus monday more move mox
msgauth msys mta much multi multiple munged must name named names nat need needed needs neither nested net netip netqmail network
networks neutral never newest news newsletter next nobody nodes non none nor norecord noreply normal normalised not note noted
notes nothing notification notifications novell november now ntp nul null nullclient nullmailer number numbers nxdomain observed
obsolete obtain octets october off offer office offline older once one ones online only open opendkim opendmarc opensmtpd operator
operators opinion option oquarantine oracle order orders oreject organisation organisational organisations organization orgdomain
origin original originating origip other others otherwise our out outbound outcome outdated outside over overbroad override
overrides oversigned own owner owners pack packet pair parentheses parse part partner parts party pass passed passes past path
paths pct people per permerr permerror permfail permitted phishing php picked pickup pid place plain platform platforms pmdf point
points policies policy pop port position post postfix postmaster powermta pra prd precedence prefix premises present primary
private pro problem processing program proofpoint protocol proved proves provide provider proxy psd ptr public publish published
publishes pulled put puts qmail qpsmtpd qsmtpd quarantine query questions queue quota quotation quoted quotes ran raw rcpt rdns
reached read readers reading reads real really reason reasons receipt received receiver receivers receives rechecked recipient
recognise record recording records redirect redirected redirects reencoded reference references refers refold refusal refuse
refused refuses regard regexp reject rejected rejection rejects relaxed relay relayed relaying relays released reliable rely
remove removed removes repeated repeatedly replace replaced replay replies reply report reports reputation requested required
resend resent resolver responsibility rest result results return returned returns reverse revoked rewrite rewritten rewrote rfc
right root rotated round route routes routing row rpt rrvs rsa rspamd rua ruf rule rules run safe said sales same sarif saturday
saw says scalix scanner scanning scheduled scheme scl score script seal sealed sealer seals second secondary seconds secure
security see seems selector self semicolon semicolons send sender senders sendgrid sending sendmail sends sent sentrion sept
september server servers serves service services ses session sessions set sets setting settings several sfmc sfv sha shared shop
shorten should show shows sib sibling sid sign signals signature signatures signed signer signers signing signs simple simta since
single sits size skew skip slices slow smartermail smime smtp smtpsvc soft softdnserr softfail software some somebody something
sonicwall sor sort source space spaced spam spamassassin spamexperts spare speaks spec specified spf spftree splits spoke spoof
spoofing srs srv ssl ssmtp stalwart stamp stamps stand standard standards stands starttls statement status stdin still stop stops
storage stored straight strato strconv strict string strings strip strong structure sts subdomain subdomains subject submission
submit submitted such suffix sunday support survive survives suspected suspicion suspicious switch switched symantec sync syntax
system tabs tag tagged tags take taken takes talk tcp team technologies tell tells temperr temperror tempfail temporarily
temporary tenant tencent term terms test testimony testing text than that the their them then there they things third this those
through thur thurs thursday time times tls tnef today too took tool top trace traced transerror transfer translate transport treat
treated tree tried trouble truncated trust trusted trusts try tues tuesday turn twice two txt type udp uid unaligned unauthorised
unavailable unchanged unchecked unconfirmed uncovered undefined under undetermined unencrypted unicode universal unix unknown
unlisted unlocated unnamed unparsed unprotected unsigned unsolicited unsubscribe unsupported until untrusted unusable unused
unverified update upgrade uri url usable usage use used user userid username users uses using utc utf valid validated validly
value vbr verdict verdicts verified verifies verify version versions very via violation virus vista void vouch vouches vulnerable
wait waited walk wanted wants warning was way weak web webmail webmaster wednesday week well went were what when where whether
which while white whitelist who whoever whole whose why wildcard will windows with without words works wrapped write writer writes
written wrong wrote www xclient xmail yahoo yandex yes you your yours zendesk zero zeros zimbra zmailer zoho zone zonemta
`)
