package settings

import "strings"

// Nearest returns the known word that was probably meant by word: the one with the fewest letters
// wrong, missing, added or swapped, or else the only one that begins with it. It returns "" when
// none is near. Case is ignored.
func Nearest(word string, known []string) string {
	const longest = 64
	if len(word) < 2 || len(word) > longest {
		return ""
	}
	best, fewest := "", min(max(len(word)/3, 1), 3)+1
	for _, candidate := range known {
		if n := distance(strings.ToLower(word), strings.ToLower(candidate)); n < fewest {
			best, fewest = candidate, n
		}
	}
	if best != "" {
		return best
	}
	return completion(word, known)
}

// completion returns the only known word that begins with word.
func completion(word string, known []string) string {
	found := ""
	for _, candidate := range known {
		if len(word) < len(candidate) && strings.EqualFold(word, candidate[:len(word)]) {
			if found != "" {
				return ""
			}
			found = candidate
		}
	}
	return found
}

// distance counts the letters to change, add, drop or swap with a neighbour to get from a to b.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
