;;! stage = "baseline"  memory = "explicit"
;; The access's end is compared with the size first; after a call the base is loaded again.
(module
  (memory 1)
  (func $f)
  (func (param i32) (result i32) (i32.load offset=16 (local.get 0)))
  (func (param i32 i64) (i64.store offset=0x80000000 (local.get 0) (local.get 1)))
  (func (result f32) (f32.load (i32.const 64)))
  (func (param i32) (result i32) (call $f) (i32.load (local.get 0))))
;;= func[0]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   lea rcx, [rax+0x14]
;;=   mov r11, [instance.memory0]
;;=   cmp rcx, [r11+0x08]
;;=   jnbe L2
;;=   mov ecx, [rbx+rax*1+0x10]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= L2:
;;=   trap MemoryOutOfBounds
;;= func[2]:
;;=   (prologue)
;;=   mov edx, 0x80000008
;;=   add rdx, rax
;;=   mov r11, [instance.memory0]
;;=   cmp rdx, [r11+0x08]
;;=   jnbe L2
;;=   mov r11d, 0x80000000
;;=   lea r11, [r11+rax*1]
;;=   mov [rbx+r11*1], rcx
;;=   (epilogue) ret
;;= L2:
;;=   trap MemoryOutOfBounds
;;= func[3]:
;;=   (prologue)
;;=   mov eax, 0x44
;;=   mov r11, [instance.memory0]
;;=   cmp rax, [r11+0x08]
;;=   jnbe L2
;;=   movss xmm0, dword ptr [rbx+0x40]
;;=   (epilogue) ret
;;= L2:
;;=   trap MemoryOutOfBounds
;;= func[4]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   call func[0]
;;=   mov eax, [rbp-0x10]
;;=   lea rcx, [rax+0x04]
;;=   mov r11, [instance.memory0]
;;=   cmp rcx, [r11+0x08]
;;=   jnbe L2
;;=   mov ecx, [rbx+rax*1]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= L2:
;;=   trap MemoryOutOfBounds
