# Prints what Mail::DKIM says of messages: FILE, "dkim" or "arc", result. The
# keys come from keys.json in the same folder; nothing is asked over the network.
use strict;
use warnings;
use JSON::PP;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;
use Mail::DKIM::ARC::Verifier;
use Net::DNS;

my ($folder) = @ARGV;
sub slurp { open my $f, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar <$f> }
my $keys = decode_json(slurp("$folder/keys.json"));

no warnings 'redefine';
*Mail::DKIM::DNS::query = sub {
    my ($name) = @_;
    my $record = $keys->{$name};
    $@ = $record ? 'NOERROR' : 'NXDOMAIN';
    return $record ? Net::DNS::RR->new(owner => $name, type => 'TXT', txtdata => [ unpack '(A200)*', $record ]) : ();
};

for my $path (sort glob "$folder/*.eml") {
    my ($name) = $path =~ m{([^/]+)$};
    my $message = slurp($path);
    my $dkim = Mail::DKIM::Verifier->new;
    $dkim->PRINT($message);
    $dkim->CLOSE;
    print "$name dkim ", $_->result_detail, "\n" for $dkim->signatures;
    next unless $message =~ /^ARC-Seal:/mi;
    my $arc = Mail::DKIM::ARC::Verifier->new;
    $arc->PRINT($message);
    $arc->CLOSE;
    print "$name arc ", $arc->result_detail, "\n";
}
