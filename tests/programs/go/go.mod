module sluice.test/program

go 1.21
