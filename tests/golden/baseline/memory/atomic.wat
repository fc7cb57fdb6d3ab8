;;! stage = "baseline"
;; The effective address must be a multiple of the size. Narrow results are zero-extended.
(module
  (memory 1 1 shared)
  (func (param i32) (result i32) (i32.atomic.load offset=4 (local.get 0)))
  (func (param i32) (result i64) (i64.atomic.load8_u offset=3 (local.get 0)))
  (func (param i32 i64) (i64.atomic.store offset=4 (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.atomic.rmw.add (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.atomic.rmw8.sub_u (local.get 0) (local.get 1)))
  (func (param i32 i64) (result i64) (i64.atomic.rmw16.xor_u (local.get 0) (local.get 1)))
  (func (param i32 i32 i32) (result i32)
    (i32.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2)))
  (func (result i32) (i32.atomic.load (i32.const 2)))
  (func (param i32) (result i32) (memory.atomic.notify offset=8 (local.get 0) (i32.const 1)))
  (func (atomic.fence)))
;;= func[0]:
;;=   (prologue)
;;=   test eax, 0x03
;;=   jnz L2
;;=   mov ecx, [rbx+rax*1+0x04]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= L2:
;;=   trap UnalignedAtomic
;;= func[1]:
;;=   (prologue)
;;=   movzx ecx, byte ptr [rbx+rax*1+0x03]
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov rdx, rcx
;;=   lea r11d, [rax+0x04]
;;=   test r11d, 0x07
;;=   jnz L2
;;=   xchg [rbx+rax*1+0x04], rdx
;;=   (epilogue) ret
;;= L2:
;;=   trap UnalignedAtomic
;;= func[3]:
;;=   (prologue)
;;=   mov edx, ecx
;;=   test eax, 0x03
;;=   jnz L2
;;=   lock xadd [rbx+rax*1], edx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= L2:
;;=   trap UnalignedAtomic
;;= func[4]:
;;=   (prologue)
;;=   mov edx, ecx
;;=   neg edx
;;=   lock xadd [rbx+rax*1], dl
;;=   movzx edx, dl
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   test edx, 0x01
;;=   jnz L3
;;=   movzx eax, word ptr [rbx+rdx*1]
;;= L1:
;;=   mov rsi, rax
;;=   xor rsi, rcx
;;=   lock cmpxchg [rbx+rdx*1], si
;;=   jnz L1
;;=   (epilogue) ret
;;= L3:
;;=   trap UnalignedAtomic
;;= func[6]:
;;=   (prologue)
;;=   mov rsi, rax
;;=   mov eax, ecx
;;=   test esi, 0x03
;;=   jnz L2
;;=   lock cmpxchg [rbx+rsi*1], edx
;;=   mov eax, eax
;;=   (epilogue) ret
;;= L2:
;;=   trap UnalignedAtomic
;;= func[7]:
;;=   (prologue)
;;=   jmp L2
;;=   (12 bytes unreachable)
;;= L2:
;;=   trap UnalignedAtomic
;;= func[8]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov esi, 0x00
;;=   mov edx, eax
;;=   mov ecx, 0x08
;;=   mov r8d, 0x01
;;=   mov rdi, r14
;;=   mov eax, 0x06
;;=   call [instance.builtin_trampoline]
;;=   test edx, edx
;;=   jnz L2
;;=   mov eax, eax
;;=   (epilogue) ret
;;= L2:
;;=   trap reason in rdx
;;= func[9]:
;;=   (prologue)
;;=   mfence
;;=   (epilogue) ret
