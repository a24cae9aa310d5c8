package noise

import "encoding/binary"

// sieve tells by the first bytes of a line that no rule can be about it. It is what
// makes the filter fast: most lines fall through at their first byte.
type sieve struct {
	first  [256]trait
	starts [1 << sieveBits]bool // by a hash of the first four bytes in small letters
}

const sieveBits = 12

// trait is what a line can be that begins with a byte.
type trait uint8

const (
	ofEntry trait = 1 << iota // an entry of klog
	ofLine                    // a line that a rule is about
	unseen                    // either, behind what isn't seen
)

func newSieve() *sieve {
	s := &sieve{}
	for _, severity := range []byte("IWEF") {
		s.first[severity] = ofEntry
	}
	s.first[escape], s.first['\r'] = unseen, unseen
	return s
}

// add knows what lines begin with, in small letters: four bytes at least.
func (s *sieve) add(text string) {
	s.first[text[0]] |= ofLine
	if text[0] >= 'a' && text[0] <= 'z' {
		s.first[text[0]-'a'+'A'] |= ofLine
	}
	s.starts[startOf([]byte(text))] = true
}

// startOf hashes four bytes; capital and small letters are the same to it.
func startOf(text []byte) uint32 {
	return (binary.LittleEndian.Uint32(text) | 0x20202020) * 0x9E3779B1 >> (32 - sieveBits)
}

// holds reports whether a rule may be about a line. So it may if too little of the line is here.
func (s *sieve) holds(line []byte) bool {
	trait := s.first[line[0]]
	switch {
	case trait == 0:
		return false
	case trait == unseen, len(line) < 4:
		return true
	case trait&ofEntry != 0 && line[1]-'0' < 10:
		return true
	case s.first[line[1]] == unseen, s.first[line[2]] == unseen, s.first[line[3]] == unseen:
		return true
	}
	return trait&ofLine != 0 && s.starts[startOf(line)]
}
