;;! stage = "baseline"
(module
  (func (param $n i32) (result i32) (local $i i32) (local $j i32) (local $s i32)
    (loop $outer
      (local.set $j (i32.const 0))
      (loop $inner
        (local.set $s (i32.add (local.get $s) (i32.xor (local.get $i) (local.get $j))))
        (br_if $inner
          (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
      (br_if $outer
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $s)))
;;= func[0]:
;;=   (prologue)
;;=   mov qword ptr [rbp-0x28], 0x00
;;=   xorps xmm15, xmm15
;;=   movups [rbp-0x20], xmm15
;;=   mov ecx, [rbp-0x28]
;;=   mov edx, [rbp-0x18]
;;= L1:
;;=   mov esi, 0x00
;;=   (padding)
;;= L2:
;;=   mov edi, edx
;;=   xor edi, esi
;;=   add ecx, edi
;;=   add esi, 0x01
;;=   cmp esi, eax
;;=   jb L2
;;=   add edx, 0x01
;;=   cmp edx, eax
;;=   jb L1
;;=   mov eax, ecx
;;=   (epilogue) ret
