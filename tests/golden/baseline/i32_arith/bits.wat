;;! stage = "baseline"
;; Bit counting without the instructions for it.
(module
  (func (param i32) (result i32) (i32.clz (local.get 0)))
  (func (param i32) (result i32) (i32.ctz (local.get 0)))
  (func (param i32) (result i32) (i32.popcnt (local.get 0)))
  (func (param i32) (result i32) (i32.extend8_s (local.get 0))))
;;= func[0]:
;;=   (prologue)
;;=   mov r11d, 0x3F
;;=   bsr ecx, eax
;;=   cmovz ecx, r11d
;;=   xor ecx, 0x1F
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov r11d, 0x20
;;=   bsf ecx, eax
;;=   cmovz ecx, r11d
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   mov r11d, ecx
;;=   shr r11d, 0x01
;;=   and r11d, [0x55555555]
;;=   sub ecx, r11d
;;=   mov r11d, ecx
;;=   shr r11d, 0x02
;;=   and r11d, [0x33333333]
;;=   and ecx, [0x33333333]
;;=   add ecx, r11d
;;=   mov r11d, ecx
;;=   shr r11d, 0x04
;;=   add ecx, r11d
;;=   and ecx, [0xf0f0f0f]
;;=   imul ecx, [0x1010101]
;;=   shr ecx, 0x18
;;=   mov eax, ecx
;;=   (epilogue) ret
;;=   .const 0x5555555555555555
;;=   .const 0x3333333333333333
;;=   .const 0xf0f0f0f0f0f0f0f
;;=   .const 0x101010101010101
;;= func[3]:
;;=   (prologue)
;;=   movsx ecx, al
;;=   mov eax, ecx
;;=   (epilogue) ret
