"""A gRPC client that shares no code with the server: python client.py HOST:PORT DESCRIPTOR. Prints what it got as JSON."""
import json
import struct
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

address, descriptor = sys.argv[1:]
pool = descriptor_pool.DescriptorPool()
with open(descriptor, "rb") as file:
    pool.Add(descriptor_pb2.FileDescriptorProto.FromString(file.read()))


def message(name):
    found = pool.FindMessageTypeByName("inference." + name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(found)
    return message_factory.MessageFactory(pool).GetPrototype(found)


channel = grpc.insecure_channel(address)
SERVICE = "/inference.GRPCInferenceService/"


def call(method, request, **options):
    stub = channel.unary_unary(
        SERVICE + method,
        request_serializer=lambda sent: sent.SerializeToString(),
        response_deserializer=message(method + "Response").FromString)
    return stub(request, timeout=options.pop("timeout", 60), **options)


def infer(model="identity", **fields):
    request = message("ModelInferRequest")(model_name=model, **fields)
    tensor = request.inputs.add(name="x", datatype="FP32", shape=[2])
    return request, tensor


def refused(method, request, **options):
    try:
        call(method, request, **options)
    except grpc.RpcError as error:
        return [error.code().name, error.details()]
    return ["OK", ""]


results = {"live": call("ServerLive", message("ServerLiveRequest")()).live}
metadata = call("ModelMetadata", message("ModelMetadataRequest")(name="identity"))
results["metadata"] = [metadata.name, list(metadata.versions), metadata.platform]

raw, _ = infer(id="raw")
raw.raw_input_contents.append(struct.pack("<2f", 1.5, -2.0))
typed, tensor = infer(id="typed")
tensor.contents.fp32_contents.extend([1.5, -2.0])
for request in (raw, typed):
    answer = call("ModelInfer", request)
    output = answer.outputs[0]
    results[answer.id] = [
        output.name, output.datatype, list(output.shape), list(struct.unpack("<2f", answer.raw_output_contents[0]))]
results["gzip"] = len(call("ModelInfer", raw, compression=grpc.Compression.Gzip).raw_output_contents[0])

stream = channel.stream_stream(
    SERVICE + "ModelStreamInfer",
    request_serializer=lambda sent: sent.SerializeToString(),
    response_deserializer=message("ModelStreamInferResponse").FromString)
unknown, _ = infer("nobody", id="unknown")
results["stream"] = [[each.infer_response.id, each.error_message] for each in stream(iter([raw, unknown, typed]), timeout=60)]

results["unknown"] = refused("ModelInfer", unknown)
results["wrong"] = refused("ModelInfer", infer()[0])
endless, tensor = infer("endless")
tensor.contents.fp32_contents.extend([1, 2])
results["deadline"] = refused("ModelInfer", endless, timeout=0.5)[:1]
print(json.dumps(results))
