;;! stage = "baseline" cpu = "avx"
;; A loop over vectors keeps its sum and its constant in registers.
(module
  (memory 1)
  (func (param $at i32) (param $end i32) (result i32) (local $sum v128)
    (loop $again
      (local.set $sum
        (i32x4.add (local.get $sum)
          (i32x4.dot_i16x8_s (v128.load (local.get $at)) (v128.load offset=1024 (local.get $at)))))
      (br_if $again
        (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (i32x4.extract_lane 0 (local.get $sum))))
;;= func[0]:
;;=   (prologue)
;;=   mov qword ptr [rbp-0x20], 0x00
;;=   vxorps xmm15, xmm15, xmm15
;;=   vmovups [rbp-0x30], xmm15
;;=   mov [rbp-0x18], ecx
;;=   vmovups xmm0, [rbp-0x30]
;;=   (padding)
;;= L1:
;;=   vmovups xmm1, [rbx+rax*1]
;;=   vmovups xmm2, [rbx+rax*1+0x400]
;;=   vpmaddwd xmm1, xmm1, xmm2
;;=   vpaddd xmm0, xmm0, xmm1
;;=   add eax, 0x10
;;=   cmp eax, ecx
;;=   jb L1
;;=   vmovd edx, xmm0
;;=   mov eax, edx
;;=   (epilogue) ret
