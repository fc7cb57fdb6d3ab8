;;! stage = "baseline"
;; The reference is tested where it is; it stays an operand on the way where it is not null.
(module
  (type $t (func))
  (func (param (ref null $t)) (result i32)
    (block $none
      (br_on_null $none (local.get 0))
      (drop)
      (return (i32.const 1)))
    (i32.const 0))
  (func (param (ref null $t)) (result (ref $t))
    (block $some (result (ref $t))
      (br_on_non_null $some (local.get 0))
      (unreachable)))
  (func (param i32 (ref null $t) i32) (result i32)
    (block $none (result i32)
      (br_on_null $none (local.get 0) (local.get 1))
      (drop)
      (i32.add (local.get 2))))
  (func (param (ref null $t)) (result (ref $t)) (ref.as_non_null (local.get 0)))
  (func (param (ref $t)) (result (ref $t)) (ref.as_non_null (local.get 0))))
;;= func[0]:
;;=   (prologue)
;;=   test rax, rax
;;=   jz L1
;;=   mov eax, 0x01
;;=   (epilogue) ret
;;= L1:
;;=   mov eax, 0x00
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   test rax, rax
;;=   jz L1
;;=   mov rcx, rax
;;=   jmp L2
;;= L1:
;;=   jmp L4
;;= L2:
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= L4:
;;=   trap Unreachable
;;= func[2]:
;;=   (prologue)
;;=   test rcx, rcx
;;=   jnz L1
;;=   mov esi, eax
;;=   jmp L2
;;= L1:
;;=   lea esi, [rax+rdx*1]
;;= L2:
;;=   mov eax, esi
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   test rax, rax
;;=   jz L2
;;=   (epilogue) ret
;;= L2:
;;=   trap NullReference
;;= func[4]:
;;=   (prologue)
;;=   (epilogue) ret
