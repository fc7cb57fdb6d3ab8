;;! stage = "baseline"  cpu = "bmi2"
(module
  (func (param i32 i32) (result i32) (i32.shl (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.shr_s (local.get 0) (local.get 1)))
  (func (param i64 i64) (result i64) (i64.shr_u (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.rotl (local.get 0) (local.get 1)))
  (func (param i32) (result i32) (local i32)
    (local.set 1 (i32.rotl (local.get 0) (i32.const 3)))
    (i32.xor (local.get 0) (local.get 1))))
;;= func[0]:
;;=   (prologue)
;;=   shlx edx, eax, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   sarx edx, eax, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   shrx rdx, rax, rcx
;;=   mov rax, rdx
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov rdx, rcx
;;=   mov esi, eax
;;=   rol esi, cl
;;=   mov eax, esi
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   mov qword ptr [rbp-0x18], 0x00
;;=   rorx ecx, eax, 0x1D
;;=   mov edx, eax
;;=   xor edx, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
