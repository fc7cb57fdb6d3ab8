// A Go program of the usual kind, for run time: words counted by goroutines, maps, sorting,
// formatting, and garbage for the collector.
package main

import (
	"fmt"
	"hash/fnv"
	"os"
	"sort"
	"strings"
)

const (
	documents = 200
	words     = 600
)

func document(seed uint32) string {
	var text strings.Builder
	for range make([]struct{}, words) {
		seed = seed*1664525 + 1013904223
		fmt.Fprintf(&text, "w%d ", seed>>20)
	}
	return text.String()
}

func count(text string) map[string]int {
	counts := make(map[string]int)
	for _, word := range strings.Fields(text) {
		counts[word]++
	}
	return counts
}

func main() {
	results := make(chan map[string]int)
	for i := 0; i < documents; i++ {
		go func(seed uint32) { results <- count(document(seed)) }(uint32(i))
	}
	total := make(map[string]int)
	for i := 0; i < documents; i++ {
		for word, n := range <-results {
			total[word] += n
		}
	}
	names := make([]string, 0, len(total))
	for word := range total {
		names = append(names, word)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := names[i], names[j]
		return total[a] > total[b] || total[a] == total[b] && a < b
	})
	hash := fnv.New64a()
	for _, word := range names {
		fmt.Fprintf(hash, "%s=%d\n", word, total[word])
	}
	if len(os.Args) > 2 {
		fmt.Println(names[:10])
	}
	fmt.Printf("%d words, %016x\n", len(names), hash.Sum64())
}
