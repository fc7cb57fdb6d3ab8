;;! stage = "baseline"
;; Guard mode: base, one zero-extended index, the offset. A large offset takes a 64-bit addition.
(module
  (memory 1)
  (func (param i32) (result i32) (i32.load (local.get 0)))
  (func (param i32) (result i32) (i32.load offset=16 (local.get 0)))
  (func (param i32) (result i32) (i32.load offset=0x80000000 (local.get 0)))
  (func (result i32) (i32.load offset=8 (i32.const 1024)))
  (func (result i32) (i32.load offset=0xffffffff (i32.const -1)))
  (func (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (param i32) (result i64) (i64.load16_s (local.get 0)))
  (func (param i32) (result i64) (i64.load32_u (local.get 0)))
  (func (param i32) (result f64) (f64.load (local.get 0)))
  ;; The sum wraps in 32 bits before it is an address: it never becomes part of the operand.
  (func (param i32 i32) (result i32) (i32.load (i32.add (local.get 0) (local.get 1)))))
;;= func[0]:
;;=   (prologue)
;;=   mov ecx, [rbx+rax*1]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov ecx, [rbx+rax*1+0x10]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov r11d, 0x80000000
;;=   lea r11, [r11+rax*1]
;;=   mov ecx, [rbx+r11*1]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov eax, [rbx+0x408]
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   mov r11, 0x1FFFFFFFE
;;=   mov eax, [rbx+r11*1]
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   movzx ecx, byte ptr [rbx+rax*1]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[6]:
;;=   (prologue)
;;=   movsx rcx, word ptr [rbx+rax*1]
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[7]:
;;=   (prologue)
;;=   mov ecx, [rbx+rax*1]
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[8]:
;;=   (prologue)
;;=   movsd xmm0, qword ptr [rbx+rax*1]
;;=   (epilogue) ret
;;= func[9]:
;;=   (prologue)
;;=   lea edx, [rax+rcx*1]
;;=   mov edx, [rbx+rdx*1]
;;=   mov eax, edx
;;=   (epilogue) ret
