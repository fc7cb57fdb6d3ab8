;;! stage = "baseline"
(module
  (func (param i32) (result i32)
    (block $c (block $b (block $a (br_table $a $b $c (local.get 0)))
      (return (i32.const 10)))
      (return (i32.const 20)))
    (i32.const 30)))
;;= func[0]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   mov [rbp-0x10], eax
;;=   test ecx, ecx
;;=   jz L1
;;=   cmp ecx, 0x01
;;=   jz L2
;;=   jmp L3
;;= L1:
;;=   mov eax, 0x0A
;;=   (epilogue) ret
;;= L2:
;;=   mov eax, 0x14
;;=   (epilogue) ret
;;= L3:
;;=   mov eax, 0x1E
;;=   (epilogue) ret
