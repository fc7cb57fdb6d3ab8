;;! stage = "baseline"
;; Only memory 0's base has a register; another's is loaded.
(module
  (memory 1)
  (memory $m 1)
  (memory $n i64 1)
  (func (param i32) (result i32) (i32.load $m offset=16 (local.get 0)))
  (func (param i32 f32) (f32.store $m offset=0x80000000 (local.get 0) (local.get 1)))
  (func (param i64) (result f64) (f64.load $n offset=16 (local.get 0))))
;;= func[0]:
;;=   (prologue)
;;=   mov rcx, [instance.memories[1]]
;;=   mov rcx, [rcx]
;;=   mov ecx, [rcx+rax*1+0x10]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov rcx, [instance.memories[1]]
;;=   mov rcx, [rcx]
;;=   mov r11d, 0x80000000
;;=   lea r11, [r11+rax*1]
;;=   movss [rcx+r11*1], xmm0
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov rcx, [instance.memories[2]]
;;=   mov rcx, [rcx]
;;=   cmp rax, [instance.memory64_bound]
;;=   jnb L2
;;=   movsd xmm0, qword ptr [rcx+rax*1+0x10]
;;=   (epilogue) ret
;;= L2:
;;=   trap MemoryOutOfBounds
