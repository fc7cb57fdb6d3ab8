;;! stage = "baseline"
;; Halves are chained through the carry; a product's halves are in rax and rdx.
(module
  (func (param i64 i64 i64 i64) (result i64 i64)
    (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (param i64 i64 i64 i64) (result i64 i64)
    (i64.sub128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (param i64 i64) (result i64)
    (i64.add128 (local.get 0) (i64.const 0) (local.get 1) (i64.const 0))
    (i64.xor))
  (func (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1)))
  (func (param i64 i64) (result i64)
    (i64.mul_wide_s (local.get 0) (local.get 1))
    (i64.add)))
;;= func[0]:
;;=   (prologue)
;;=   mov rdi, rcx
;;=   mov r8, rax
;;=   add r8, rdx
;;=   adc rdi, rsi
;;=   mov rax, r8
;;=   mov rcx, rdi
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov rdi, rcx
;;=   mov r8, rax
;;=   sub r8, rdx
;;=   sbb rdi, rsi
;;=   mov rax, r8
;;=   mov rcx, rdi
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov edx, 0x00
;;=   mov esi, 0x00
;;=   mov rdi, rax
;;=   add rdi, rcx
;;=   adc rsi, rdx
;;=   xor rdi, rsi
;;=   mov rax, rdi
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   mul rcx
;;=   mov rcx, rdx
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   imul rcx
;;=   add rax, rdx
;;=   (epilogue) ret
