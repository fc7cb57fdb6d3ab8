// FuncReader with a sink that ignores everything, and the parts of FuncReader that know no sink.
#include "engine/validate/validate.h"

#include "engine/validate/func_reader.h"

namespace sluice {

static_assert(sizeof(NullSink::Slot) == sizeof(ValType), "an empty word takes no room");

String mismatch_detail(ValType have, ValType want) {
  String detail = "expected ";
  detail += to_string(want);
  detail += ", found ";
  detail += have == kRefBottom ? String("(ref bot)") : to_string(have);
  return detail;
}

String count_detail(uint64_t have, uint64_t want) {
  String detail = "expected " + decimal(want);
  detail += want == 1 ? " operand, found " : " operands, found ";
  detail += decimal(have);
  return detail;
}

AbsHeap top_of(std::span<const TypeDef> types, HeapType heap) {
  if (heap.is_concrete()) {
    return types[raw(heap.index())].kind == CompositeKind::Func ? AbsHeap::Func : AbsHeap::Any;
  }
  switch (heap.abs()) {
  case AbsHeap::Func:
  case AbsHeap::NoFunc: return AbsHeap::Func;
  case AbsHeap::Extern:
  case AbsHeap::NoExtern: return AbsHeap::Extern;
  case AbsHeap::Exn:
  case AbsHeap::NoExn: return AbsHeap::Exn;
  case AbsHeap::Any:
  case AbsHeap::Eq:
  case AbsHeap::I31:
  case AbsHeap::Struct:
  case AbsHeap::Array:
  case AbsHeap::None: return AbsHeap::Any;
  }
  UNREACHABLE("abstract heap type");
}

Result<void> validate_body(const Module& module, const FuncBody& body,
                           std::span<const uint8_t> module_bytes, ValidatorState& state) {
  DCHECK(module_bytes.size() >= size_t{body.range.offset} + body.range.size, "body not there");
  NullSink sink;
  return FuncReader<NullSink>(module, body, module_bytes.data(), state, sink).run();
}

}  // namespace sluice
