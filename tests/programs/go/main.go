// A Go program for the tests: goroutines and channels, maps, sorting, fmt, big numbers, closures,
// panics and recovery, maps with struct keys, files. Prints what must be the same everywhere.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"
)

type point struct{ X, Y int }

type shape interface {
	area() float64
	name() string
}

type circle struct{ r float64 }
type box struct{ w, h float64 }

func (c circle) area() float64 { return 3 * c.r * c.r }
func (c circle) name() string  { return "circle" }
func (b box) area() float64    { return b.w * b.h }
func (b box) name() string     { return "box" }

func pipeline() {
	numbers := make(chan int)
	squares := make(chan int, 8)
	var workers sync.WaitGroup
	for i := 0; i < 10; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for n := range numbers {
				squares <- n * n
				runtime.Gosched()
			}
		}()
	}
	go func() {
		for i := 1; i <= 1000; i++ {
			numbers <- i
		}
		close(numbers)
		workers.Wait()
		close(squares)
	}()
	sum := 0
	for s := range squares {
		sum += s
	}
	fmt.Println("pipeline", sum)
}

func primes(limit int) []int {
	// A chain of goroutines, each filtering one prime.
	source := make(chan int)
	stop := make(chan struct{})
	send := func(out chan<- int, n int) bool {
		select {
		case out <- n:
			return true
		case <-stop:
			return false
		}
	}
	go func() {
		for i := 2; send(source, i); i++ {
		}
	}()
	var found []int
	in := source
	for {
		p := <-in
		if p > limit {
			close(stop)
			return found
		}
		found = append(found, p)
		out := make(chan int)
		go func(in <-chan int, out chan<- int, p int) {
			for {
				select {
				case n := <-in:
					if n%p != 0 && !send(out, n) {
						return
					}
				case <-stop:
					return
				}
			}
		}(in, out, p)
		in = out
	}
}

func mapsAndSorting() {
	text := strings.Repeat("the quick brown fox jumps over the lazy dog and the cat ", 200)
	counts := map[string]int{}
	for _, word := range strings.Fields(text) {
		counts[word]++
	}
	words := make([]string, 0, len(counts))
	for word := range counts {
		words = append(words, word)
	}
	sort.Slice(words, func(i, j int) bool {
		if counts[words[i]] != counts[words[j]] {
			return counts[words[i]] > counts[words[j]]
		}
		return words[i] < words[j]
	})
	for _, word := range words[:4] {
		fmt.Printf("%-6s|%5d|\n", word, counts[word])
	}
	grid := map[point]float64{}
	for i := 0; i < 5000; i++ {
		p := point{i * 7919 % 101, i * 104729 % 103}
		grid[p] += float64(i) / 2
		if i%3 == 0 {
			delete(grid, point{i % 101, i % 103})
		}
	}
	total := 0.0
	keys := make([]point, 0, len(grid))
	for p := range grid {
		keys = append(keys, p)
	}
	sort.Slice(keys, func(i, j int) bool {
		return keys[i].X < keys[j].X || keys[i].X == keys[j].X && keys[i].Y < keys[j].Y
	})
	for _, p := range keys {
		total += grid[p]
	}
	fmt.Println("grid", len(grid), keys[0], keys[len(keys)-1], total)
}

func recovering(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered: %v", r)
		}
	}()
	f()
	return nil
}

func panics() {
	var empty map[string]int
	var null *point
	index := 5
	for _, f := range []func(){
		func() { panic("a string") },
		func() { empty["x"] = 1 },
		func() { fmt.Println(null.X) },
		func() { fmt.Println([]int{1, 2}[index]) },
		func() { fmt.Println(1 / (index - 5)) },
		func() { var s shape; s.area() },
		func() { panic(errors.Join(fs.ErrNotExist, errors.New("and more"))) },
		func() {},
	} {
		fmt.Println(recovering(f))
	}
}

func formats() {
	fmt.Printf("%d|%5d|%-5d|%05d|%x|%X|%o|%b|%c|%q|%U\n", 42, 42, 42, 42, 255, 255, 8, 5, 'é', 'x', '⌘')
	fmt.Printf("%f|%.2f|%8.3f|%e|%g|%v\n", 3.14159, 2.71828, 1.5, 123456.789, 1e21, float32(0.1))
	fmt.Printf("%v|%+v|%#v|%T\n", point{1, 2}, point{1, 2}, point{1, 2}, point{1, 2})
	fmt.Printf("%s|%10s|%-10s|%q|%x|% x\n", "go", "go", "go", "a\"b", "hex", "hex")
	fmt.Printf("%v|%v|%t\n", []string{"a", "b"}, map[string]int{"z": 1, "a": 2}, true)
	for _, s := range []shape{circle{2}, box{3, 4.5}} {
		fmt.Printf("%s %.1f %v\n", s.name(), s.area(), s)
	}
}

func numbers() {
	factorial := big.NewInt(1)
	for i := int64(2); i <= 60; i++ {
		factorial.Mul(factorial, big.NewInt(i))
	}
	fmt.Println("60! =", factorial)
	quotient, remainder := new(big.Int).DivMod(factorial, big.NewInt(1_000_000_007), new(big.Int))
	fmt.Println(quotient.BitLen(), remainder)
	data, err := json.Marshal(map[string]any{"list": []int{1, 2, 3}, "nested": map[string]any{"x": 1.5, "s": "ü"}})
	fmt.Println(string(data), err)
	var back struct {
		List   []int
		Nested struct{ X float64 }
	}
	fmt.Println(json.Unmarshal(data, &back), back)
	fmt.Printf("%x\n", sha256.Sum256(bytes.Repeat([]byte("sluice"), 100000)))
	pattern := regexp.MustCompile(`(\w+)@(\w+)\.org`)
	fmt.Println(pattern.ReplaceAllString("ann@site.org, bob@place.org", "$2/$1"))
}

func files(root string) error {
	dir := filepath.Join(root, "tree")
	for i := 0; i < 5; i++ {
		sub := filepath.Join(dir, fmt.Sprint("d", i), "deeper")
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
		text := strings.Repeat(fmt.Sprintln("line", i), 1000*i)
		if err := os.WriteFile(filepath.Join(sub, "file.txt"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	lines, count := 0, 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		count++
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		scanner := bufio.NewScanner(file)
		for scanner.Scan() {
			lines++
		}
		return scanner.Err()
	})
	fmt.Println("files", count, "lines", lines, err)
	if err := os.Rename(filepath.Join(dir, "d4"), filepath.Join(dir, "e4")); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		fmt.Print(entry.Name(), " ")
	}
	fmt.Println()
	_, err = os.Stat(filepath.Join(dir, "d4"))
	fmt.Println("gone:", errors.Is(err, fs.ErrNotExist))
	_, err = os.ReadFile("/etc/passwd")
	fmt.Println("outside refused:", err != nil)
	return os.RemoveAll(dir)
}

func timers() {
	start := time.Now()
	ticks := 0
	ticker := time.NewTicker(2 * time.Millisecond)
	timeout := time.After(30 * time.Millisecond)
	// However seldom the process runs, both kinds of timer fire.
	for done := false; !done || ticks < 3; {
		select {
		case <-ticker.C:
			ticks++
		case <-timeout:
			done = true
		}
	}
	ticker.Stop()
	fmt.Println("ticks:", ticks > 2, "time passed:", time.Since(start) >= 30*time.Millisecond)
}

func collected() {
	// Enough garbage for several collections.
	var keep [][]byte
	for i := 0; i < 20000; i++ {
		b := make([]byte, 4096)
		b[i%4096] = byte(i)
		if i%200 == 0 {
			keep = append(keep, b)
		}
	}
	sum := 0
	for i, b := range keep {
		sum += int(b[i*200%4096])
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("kept", len(keep), sum, "collections:", stats.NumGC > 0)
}

func main() {
	fmt.Println("arguments", os.Args[1:], os.Getenv("VARIABLE"))
	pipeline()
	fmt.Println("primes", primes(200))
	mapsAndSorting()
	panics()
	formats()
	numbers()
	timers()
	collected()
	if err := files("/sandbox"); err != nil {
		fmt.Println("files:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "to stderr")
	os.Exit(3)
}
