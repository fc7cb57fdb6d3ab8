;;! stage = "baseline"
(module
  (func (param i32 i32) (result i32)
    (select (local.get 0) (local.get 1) (i32.lt_s (local.get 0) (local.get 1))))
  (func (param i64 i64 i32) (result i64) (select (local.get 0) (local.get 1) (local.get 2)))
  (func (param f64 f64 i32) (result f64) (select (local.get 0) (local.get 1) (local.get 2)))
  (func (param i32 f32 f32) (result i32)
    (select (local.get 0) (i32.const 7) (f32.eq (local.get 1) (local.get 2)))))
;;= func[0]:
;;=   (prologue)
;;=   cmp eax, ecx
;;=   mov edx, eax
;;=   cmovnl edx, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   test edx, edx
;;=   mov rsi, rax
;;=   cmovz rsi, rcx
;;=   mov rax, rsi
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   test eax, eax
;;=   movaps xmm2, xmm0
;;=   jnz L1
;;=   movaps xmm2, xmm1
;;= L1:
;;=   movaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   ucomiss xmm0, xmm1
;;=   mov ecx, 0x07
;;=   mov edx, eax
;;=   cmovp edx, ecx
;;=   cmovnz edx, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
