;;! stage = "baseline"
;; A comparison stays in the flags for the branch or select behind it, through eqz as well.
(module
  (func (param i32 i32) (block (br_if 0 (i32.lt_s (local.get 0) (local.get 1))) (unreachable)))
  (func (param i32) (block (br_if 0 (i32.eqz (local.get 0))) (unreachable)))
  (func (param i32) (block (br_if 0 (i32.eqz (i32.eqz (i32.gt_u (local.get 0) (i32.const 9))))) (unreachable)))
  (func (param i64) (if (i64.le_s (i64.const 7) (local.get 0)) (then (unreachable))))
  (func (param f64 f64) (if (f64.lt (local.get 0) (local.get 1)) (then (unreachable))))
  (func (param f64 f64) (if (f64.eq (local.get 0) (local.get 1)) (then (unreachable))))
  (func (param f32 f32) (block (br_if 0 (f32.ne (local.get 0) (local.get 1))) (unreachable))))
;;= func[0]:
;;=   (prologue)
;;=   cmp eax, ecx
;;=   jl L1
;;=   jmp L3
;;= L1:
;;=   (epilogue) ret
;;= L3:
;;=   trap Unreachable
;;= func[1]:
;;=   (prologue)
;;=   test eax, eax
;;=   jz L1
;;=   jmp L3
;;= L1:
;;=   (epilogue) ret
;;= L3:
;;=   trap Unreachable
;;= func[2]:
;;=   (prologue)
;;=   cmp eax, 0x09
;;=   jnbe L1
;;=   jmp L3
;;= L1:
;;=   (epilogue) ret
;;= L3:
;;=   trap Unreachable
;;= func[3]:
;;=   (prologue)
;;=   cmp rax, 0x07
;;=   jl L1
;;=   jmp L3
;;= L1:
;;=   (epilogue) ret
;;= L3:
;;=   trap Unreachable
;;= func[4]:
;;=   (prologue)
;;=   ucomisd xmm1, xmm0
;;=   jbe L1
;;=   jmp L3
;;= L1:
;;=   (epilogue) ret
;;= L3:
;;=   trap Unreachable
;;= func[5]:
;;=   (prologue)
;;=   ucomisd xmm0, xmm1
;;=   jp L1
;;=   jnz L1
;;=   jmp L3
;;= L1:
;;=   (epilogue) ret
;;= L3:
;;=   trap Unreachable
;;= func[6]:
;;=   (prologue)
;;=   ucomiss xmm0, xmm1
;;=   jp L1
;;=   jnz L1
;;=   jmp L3
;;= L1:
;;=   (epilogue) ret
;;= L3:
;;=   trap Unreachable
