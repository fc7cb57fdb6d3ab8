;;! stage = "baseline"
(module
  (memory 1)
  (func (result i32) (memory.size))
  (func (param i32) (result i32) (memory.grow (local.get 0)))
  (func (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2))))
;;= func[0]:
;;=   (prologue)
;;=   mov rax, [instance.memory0]
;;=   mov rax, [rax+0x08]
;;=   shr rax, 0x10
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov esi, 0x00
;;=   mov edx, eax
;;=   mov rdi, r14
;;=   mov eax, 0x00
;;=   call [instance.builtin_trampoline]
;;=   test edx, edx
;;=   jnz L2
;;=   mov eax, eax
;;=   (epilogue) ret
;;= L2:
;;=   trap reason in rdx
;;= func[2]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   mov [rbp-0x20], edx
;;=   mov esi, 0x00
;;=   mov r8d, edx
;;=   mov edx, eax
;;=   mov rdi, r14
;;=   mov eax, 0x02
;;=   call [instance.builtin_trampoline]
;;=   test edx, edx
;;=   jnz L2
;;=   (epilogue) ret
;;= L2:
;;=   trap reason in rdx
;;= func[3]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   mov [rbp-0x20], edx
;;=   mov esi, 0x00
;;=   mov r8d, edx
;;=   mov edx, eax
;;=   mov rdi, r14
;;=   mov eax, 0x01
;;=   call [instance.builtin_trampoline]
;;=   test edx, edx
;;=   jnz L2
;;=   (epilogue) ret
;;= L2:
;;=   trap reason in rdx
