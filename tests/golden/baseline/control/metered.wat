;;! stage = "baseline" metered = "fuel interrupts"
(module
  (func (param i32) (result i32)
    (local i32)
    (loop
      (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br 0))
    (unreachable)))
;;= func[0]:
;;=   (prologue)
;;=   mov qword ptr [rbp-0x18], 0x00
;;=   mov r11, [instance.context]
;;=   cmp dword ptr [r11+0x14], 0x00
;;=   jnz L4
;;=   sub qword ptr [r11+0x40], 0x01
;;=   js L5
;;=   mov ecx, [rbp-0x18]
;;=   (padding)
;;= L1:
;;=   mov r11, [instance.context]
;;=   cmp dword ptr [r11+0x14], 0x00
;;=   jnz L6
;;=   sub qword ptr [r11+0x40], 0x03
;;=   js L7
;;=   test eax, eax
;;=   jnz L2
;;=   mov r11, [instance.context]
;;=   sub qword ptr [r11+0x40], 0x02
;;=   js L8
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= L2:
;;=   mov r11, [instance.context]
;;=   sub qword ptr [r11+0x40], 0x09
;;=   js L9
;;=   add ecx, eax
;;=   add eax, 0xFFFFFFFF
;;=   jmp L1
;;= L4:
;;=   trap Interrupted
;;= L5:
;;=   trap FuelExhausted
;;= L6:
;;=   trap Interrupted
;;= L7:
;;=   trap FuelExhausted
;;= L8:
;;=   trap FuelExhausted
;;= L9:
;;=   trap FuelExhausted
