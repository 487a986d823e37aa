package main

import "strings"

// didYouMean asks back where a word may be a misspelling of a candidate: "" or
// a text to put behind the word.
func didYouMean(word string, candidates []string) string {
	near := closest(word, candidates)
	if len(near) == 0 {
		return ""
	}
	return " (did you mean " + strings.Join(near, " or ") + "?)"
}

// closest are the candidates that a word may be a misspelling or a part of:
// those that are equally near, three at most.
func closest(word string, candidates []string) []string {
	var near []string
	best := max(2, len(word)/3)
	for _, c := range candidates {
		far := distance(word, c)
		if len(word) >= 4 && strings.Contains(c, word) {
			far = min(far, 2)
		}
		if far < best {
			near, best = nil, far
		}
		if far == best {
			near = append(near, c)
		}
	}
	return near[:min(3, len(near))]
}

// distance is the number of bytes to insert, to remove or to replace that make
// b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
