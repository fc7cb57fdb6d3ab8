;;! stage = "baseline"
;; A mask that only a condition looks at is a test.
(module
  (func (param i32) (result i32)
    (if (result i32) (i32.and (local.get 0) (i32.const 4)) (then (i32.const 1)) (else (i32.const 2))))
  (func (param i32 i32) (result i32)
    (i32.eqz (i32.and (local.get 0) (local.get 1))))
  (func (param i32 i32) (result i32)
    (select (local.get 0) (local.get 1) (i32.and (local.get 0) (local.get 1))))
  (func (param i32) (result i32)
    (block (br_if 0 (i32.eqz (i32.and (local.get 0) (i32.const 255)))) (return (i32.const 7)))
    (i32.const 8)))
;;= func[0]:
;;=   (prologue)
;;=   test eax, 0x04
;;=   jz L1
;;=   mov ecx, 0x01
;;=   jmp L2
;;= L1:
;;=   mov ecx, 0x02
;;= L2:
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   test eax, ecx
;;=   mov edx, 0x00
;;=   setz dl
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   test eax, ecx
;;=   mov edx, eax
;;=   cmovz edx, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   test eax, 0xFF
;;=   jz L1
;;=   mov eax, 0x07
;;=   (epilogue) ret
;;= L1:
;;=   mov eax, 0x08
;;=   (epilogue) ret
