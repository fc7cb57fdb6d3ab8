// The work of bench/peers in wazero's compiler.
//
//	compile FILE REPEAT              milliseconds from bytes in memory to a module, a line each
//	run FILE REPEAT [ARG...]         milliseconds of run or _start, in a new instance each time
//	result FILE                      what run returns
//	calls FILE                       NAME <tab> nanoseconds of one call
//	instantiate FILE                 microseconds
//	wasi FILE [ARG...]               the program itself
//	sandbox FILE DIR                 likewise; it has DIR as /sandbox
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

const (
	turns  = 3_000_000
	rounds = 15
	batch  = 50
)

var background = context.Background()

func must[T any](value T, err error) T {
	check(err)
	return value
}

// check ends the process: with a guest's own status if it exited.
func check(err error) {
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		if exit.ExitCode() != 0 {
			os.Exit(int(exit.ExitCode()))
		}
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func milliseconds(since time.Time) float64 {
	return float64(time.Since(since).Nanoseconds()) / 1e6
}

func newRuntime() wazero.Runtime {
	return wazero.NewRuntimeWithConfig(background, wazero.NewRuntimeConfigCompiler())
}

func compile(file string, repeat int) {
	bytes := must(os.ReadFile(file))
	for range repeat {
		runtime := newRuntime() // a runtime keeps what it has compiled
		start := time.Now()
		must(runtime.CompileModule(background, bytes))
		fmt.Println(milliseconds(start))
		check(runtime.Close(background))
	}
}

// load compiles the file and gives it WASI and env.add.
func load(file string) (wazero.Runtime, wazero.CompiledModule) {
	runtime := newRuntime()
	must(wasi_snapshot_preview1.Instantiate(background, runtime))
	add := api.GoFunc(func(_ context.Context, stack []uint64) {
		stack[0] = uint64(uint32(stack[0]) + uint32(stack[1]))
	})
	i32 := api.ValueTypeI32
	must(runtime.NewHostModuleBuilder("env").NewFunctionBuilder().
		WithGoFunction(add, []api.ValueType{i32, i32}, []api.ValueType{i32}).
		Export("add").Instantiate(background))
	return runtime, must(runtime.CompileModule(background, must(os.ReadFile(file))))
}

func config(file string, args []string, stdout io.Writer) wazero.ModuleConfig {
	args = append([]string{filepath.Base(file)}, args...)
	return wazero.NewModuleConfig().WithName("").WithStartFunctions().WithArgs(args...).
		WithStdout(stdout).WithSysNanotime().WithSysWalltime()
}

func sandbox(file, directory string) {
	runtime, module := load(file)
	files := wazero.NewFSConfig().WithDirMount(directory, "/sandbox")
	_, err := runtime.InstantiateModule(background, module, config(file, nil, os.Stdout).
		WithStartFunctions("_start").WithSysNanosleep().WithFSConfig(files))
	check(err)
}

func execute(file string, repeat int, args []string, stdout io.Writer, report bool) {
	runtime, module := load(file)
	for range repeat {
		instance := must(runtime.InstantiateModule(background, module, config(file, args, stdout)))
		entry := instance.ExportedFunction("run")
		if entry == nil {
			entry = instance.ExportedFunction("_start")
		}
		start := time.Now()
		_, err := entry.Call(background)
		check(err)
		if report {
			fmt.Println(milliseconds(start))
		}
		check(instance.Close(background))
	}
}

func result(file string) {
	runtime, module := load(file)
	instance := must(runtime.InstantiateModule(background, module, config(file, nil, io.Discard)))
	fmt.Println(int32(must(instance.ExportedFunction("run").Call(background))[0]))
}

func least(measure func() float64) float64 {
	best := math.Inf(1)
	for range rounds {
		best = min(best, measure())
	}
	return best
}

func calls(file string) {
	runtime, module := load(file)
	instance := must(runtime.InstantiateModule(background, module, config(file, nil, io.Discard)))
	add := instance.ExportedFunction("add")
	report := func(name string, ms float64) { fmt.Printf("%s\t%f\n", name, ms*1e6/turns) }
	report("host_to_wasm", least(func() float64 {
		stack := []uint64{0, 0}
		start := time.Now()
		for range turns {
			stack[1] = 1
			check(add.CallWithStack(background, stack))
		}
		return milliseconds(start)
	}))
	for _, name := range []string{"loop_host", "loop_direct", "loop_indirect", "loop_empty"} {
		loop := instance.ExportedFunction(name)
		report(name, least(func() float64 {
			start := time.Now()
			must(loop.Call(background, turns))
			return milliseconds(start)
		}))
	}
}

func instantiate(file string) {
	runtime, module := load(file)
	fmt.Println(least(func() float64 {
		start := time.Now()
		for range batch {
			instance := must(runtime.InstantiateModule(background, module,
				config(file, nil, io.Discard)))
			check(instance.Close(background))
		}
		return milliseconds(start)
	}) * 1e3 / batch)
}

func main() {
	if len(os.Args) < 3 {
		os.Exit(2)
	}
	work, file, rest := os.Args[1], os.Args[2], os.Args[3:]
	repeat := 1
	if (work == "compile" || work == "run") && len(rest) > 0 {
		repeat = must(strconv.Atoi(rest[0]))
	}
	switch work {
	case "compile":
		compile(file, repeat)
	case "run":
		execute(file, repeat, rest[1:], io.Discard, true)
	case "result":
		result(file)
	case "calls":
		calls(file)
	case "instantiate":
		instantiate(file)
	case "wasi":
		execute(file, 1, rest, os.Stdout, false)
	case "sandbox":
		sandbox(file, rest[0])
	default:
		os.Exit(2)
	}
}
