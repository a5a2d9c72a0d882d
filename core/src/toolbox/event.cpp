#include <tine/event.hpp>

#include "toolbox/context.hpp"
#include "toolbox/event_word.hpp"

namespace tine {

using detail::Context;
using detail::EventWord;
using detail::ObjectId;
using detail::ObjectKind;

namespace {

EventWord word_of(const ObjectId& id) {
  return EventWord(Context::for_use().must_find(id, ObjectKind::event, "event"));
}

ObjectId make_event() {
  ObjectId id;
  constexpr std::size_t bytes = sizeof(detail::EventHeader);
  Context::make().make_object(ObjectKind::event, bytes, bytes, id);
  return id;
}

}  // namespace

bool EventView::is_set() const {
  return EventWord::is_set(word_of(id_).now());
}

void EventView::set() const {
  word_of(id_).change(true);
}

void EventView::clear() const {
  word_of(id_).change(false);
}

bool EventView::wait(const Timeout& timeout) const {
  const std::int64_t deadline = detail::deadline_of(true, timeout);
  EventWord event = word_of(id_);
  const std::uint64_t seen = event.now();
  if (EventWord::is_set(seen)) return true;
  // The first change is a set().
  return event.signal().wait(deadline, [&] { return word_of(id_).now() != seen; });
}

Event::Event() : Owned(make_event()) {}

}  // namespace tine
