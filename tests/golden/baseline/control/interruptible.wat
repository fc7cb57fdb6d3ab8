;;! stage = "baseline" metered = "interrupts"
(module
  (func (loop (br 0))))
;;= func[0]:
;;=   (prologue)
;;=   mov r11, [instance.context]
;;=   cmp dword ptr [r11+0x14], 0x00
;;=   jnz L3
;;=   (padding)
;;= L1:
;;=   mov r11, [instance.context]
;;=   cmp dword ptr [r11+0x14], 0x00
;;=   jnz L4
;;=   jmp L1
;;= L3:
;;=   trap Interrupted
;;= L4:
;;=   trap Interrupted
