using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ZeroCopy.Actors.Telemetry;
using ZeroCopy.Manifests;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Product.Tests.Batches;

public sealed class MapMeterSpecs : HostSpec
{
    private const string Model = "measured@1";
    private readonly ConcurrentDictionary<string, (int Count, double Sum)> _measured = new();

    [Fact]
    public async Task Map_should_measure_rows_failures_and_calls_under_the_name_of_its_model()
    {
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, own) =>
            {
                if (instrument.Meter.Name == Instruments.SourceName)
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(Note);
        listener.SetMeasurementEventCallback<int>(Note);
        listener.SetMeasurementEventCallback<double>(Note);
        listener.Start();
        var wrapper = await ModelWrapper.FromModelAsync(Linear(8, 4), host: Host, name: ModelName.Parse(Model));
        var rows = Enumerable.Range(0, 10).Select(row => new float[row == 9 ? 7 : 8]);

        await wrapper.MapBatchesAsync<float[], float>(
            rows, (model, batch) => [.. batch.Select(row => Sum(model, row))], new() { BatchSize = 4, OnFailedRow = _ => { } })
            .ToListAsync();

        Assert.Equal(9, _measured["zerocopy.maps.rows"].Sum);
        Assert.Equal(1, _measured["zerocopy.maps.failed"].Sum);
        // Two batches, and the first half of the third.
        Assert.Equal((3, 9), _measured["zerocopy.maps.batch.rows"]);
        Assert.Equal(3, _measured["zerocopy.maps.batch.duration"].Count);
        Assert.Equal(5, _measured["zerocopy.calls.duration"].Count);
    }

    private static float Sum(Module<Tensor, Tensor> model, float[] row)
    {
        using var scope = NewDisposeScope();
        return model.call(tensor(row)).sum().item<float>();
    }

    private void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        where T : struct, IConvertible
    {
        foreach (var tag in tags)
        {
            if (tag is { Key: "model", Value: Model })
            {
                _measured.AddOrUpdate(
                    instrument.Name,
                    (1, value.ToDouble(null)),
                    (_, before) => (before.Count + 1, before.Sum + value.ToDouble(null)));
            }
        }
    }
}
