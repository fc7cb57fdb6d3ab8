;;! stage = "baseline"  memory = "explicit"
;; The end of the access is compared with the size; the sum must not carry.
(module
  (memory i64 1)
  (func (param i64) (result i32) (i32.load offset=16 (local.get 0)))
  (func (param i64 f64) (f64.store offset=0xffffffff (local.get 0) (local.get 1))))
;;= func[0]:
;;=   (prologue)
;;=   mov ecx, 0x14
;;=   add rcx, rax
;;=   jb L2
;;=   mov r11, [instance.memory0]
;;=   cmp rcx, [r11+0x08]
;;=   jnbe L3
;;=   mov ecx, [rbx+rax*1+0x10]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= L2:
;;=   trap MemoryOutOfBounds
;;= L3:
;;=   trap MemoryOutOfBounds
;;= func[1]:
;;=   (prologue)
;;=   mov rcx, 0x100000007
;;=   add rcx, rax
;;=   jb L2
;;=   mov r11, [instance.memory0]
;;=   cmp rcx, [r11+0x08]
;;=   jnbe L3
;;=   mov r11d, 0xFFFFFFFF
;;=   lea r11, [r11+rax*1]
;;=   movsd [rbx+r11*1], xmm0
;;=   (epilogue) ret
;;= L2:
;;=   trap MemoryOutOfBounds
;;= L3:
;;=   trap MemoryOutOfBounds
