"""Messages of protobuf described in tables, from which it makes classes. No generated code, and no compiler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

Fields = Mapping[str, tuple[int, str]]
"""A message's fields: each one's number and type.

The type stands there as in a .proto file, where names are looked up from the inside out. Words may stand before it:
`repeated`; `map`, whose keys are text; `oneof` and the name of the choice.
"""

_SCALARS = {"bool", "int32", "int64", "uint32", "uint64", "float", "double", "string", "bytes"}


@dataclass(frozen=True)
class Package:
    """What is described together. In the names of messages and enums a dot is nesting, and the outer come first."""

    name: str
    messages: Mapping[str, Fields]
    enums: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Each enum's numbers by name. The first must be 0."""
    uses: Sequence[str] = ()
    """Names of the packages that its types are taken from."""


def make_pool(*packages: Package) -> descriptor_pool.DescriptorPool:
    """The descriptors, apart from protobuf's own pool: another copy of a protocol may live in the same process.

    Args:
        packages: each after those that it uses.
    """
    pool = descriptor_pool.DescriptorPool()
    for package in packages:
        pool.Add(_file(package))
    return pool


def class_in(pool: descriptor_pool.DescriptorPool, name: str) -> type[Message]:
    """The class of the message with that full name."""
    made: type[Message] = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
    return made


def _file(package: Package) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name=f"{package.name}.proto", package=package.name, syntax="proto3")
    file.dependency.extend(f"{used}.proto" for used in package.uses)
    made: dict[str, descriptor_pb2.DescriptorProto] = {}
    for name in package.messages:
        outer, _, inner = name.rpartition(".")
        made[name] = made[outer].nested_type.add(name=inner) if outer else file.message_type.add(name=name)
    for name, numbers in package.enums.items():
        outer, _, inner = name.rpartition(".")
        enum = (made[outer] if outer else file).enum_type.add(name=inner)
        for value, number in numbers.items():
            enum.value.add(name=value, number=number)
    for name, fields in package.messages.items():
        for each, (number, kind) in fields.items():
            _add_field(made[name], f".{package.name}.{name}", each, number, kind)
    return file


def _add_field(message: Message, path: str, name: str, number: int, kind: str) -> None:
    *words, base = kind.split()
    added = message.field.add(name=name, number=number, label=1)  # LABEL_OPTIONAL
    if "map" in words:
        entry = message.nested_type.add(name="".join(word.capitalize() for word in name.split("_")) + "Entry")
        entry.options.map_entry = True
        _add_field(entry, path, "key", 1, "string")
        _add_field(entry, path, "value", 2, base)
        base = f"{path}.{entry.name}"
    if words and words[0] in ("map", "repeated"):
        added.label = 3  # LABEL_REPEATED
    if "oneof" in words:
        choices = [choice.name for choice in message.oneof_decl]
        if words[1] not in choices:
            message.oneof_decl.add(name=words[1])
            choices.append(words[1])
        added.oneof_index = choices.index(words[1])
    if base in _SCALARS:
        added.type = descriptor_pb2.FieldDescriptorProto.Type.Value(f"TYPE_{base.upper()}")
    else:
        added.type_name = base
