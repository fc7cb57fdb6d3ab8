module sluice/bench/peers/programs/go

go 1.21
