using System.Collections.Immutable;
using TorchSharp;
using TorchSharp.Modules;
using ZeroCopy.Errors;
using ZeroCopy.Runtime;
using ZeroCopy.Torch.Instances;
using ZeroCopy.Torch.Modules;
using ZeroCopy.Torch.Tests.Modules;
using static TorchSharp.torch.nn;

namespace ZeroCopy.Torch.Tests.Instances;

public sealed class ModelCallSpecs : IDisposable
{
    private static readonly Dictionary<string, Func<torch.Tensor, object>> Shapes = new()
    {
        ["tensor"] = tensor => tensor,
        ["tuple"] = tensor => Tuple.Create(1, tensor),
        ["value tuple"] = tensor => ("text", tensor),
        ["array"] = tensor => new[] { tensor, tensor },
        ["list"] = tensor => new List<torch.Tensor> { tensor },
        ["set"] = tensor => new HashSet<torch.Tensor>(ReferenceEqualityComparer.Instance) { tensor },
        ["dictionary of lists"] = tensor => new Dictionary<int, object> { [1] = new List<object> { tensor } },
        ["immutable array"] = tensor => ImmutableArray.Create(tensor),
        ["record struct in a record"] = tensor => new Nested(new Point(tensor)),
    };

    private readonly Model _model = new();
    private readonly torch.Tensor _input = torch.ones(2);

    public static TheoryData<string> Names => [.. Shapes.Keys];

    public void Dispose()
    {
        _input.Dispose();
        ModuleDisposal.Release(_model);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ModelCall_should_answer_with_tensors_of_the_callers_own_for_those_of_the_model_and_of_the_argument(string name)
    {
        foreach (var borrowed in new[] { _model.Layer.weight, _model.State, _model.Kept[0], _input })
        {
            using var expected = borrowed.clone();

            var answer = Run((_, _) => Shapes[name](borrowed));

            var tensors = TensorsOf(answer);
            Assert.All(tensors, tensor => Assert.NotSame(borrowed, tensor));
            Assert.True(TensorEquality.Same(expected, Assert.Single(tensors)));
            Answers.Release(answer);
            Assert.True(TensorEquality.Same(expected, borrowed));
        }
    }

    [Fact]
    public void ModelCall_should_answer_with_a_parameter_where_one_is_expected()
    {
        var (alone, inside) = (
            (Parameter)Run((_, _) => _model.Layer.weight)!, (Tuple<Parameter>)Run((_, _) => Tuple.Create(_model.Layer.weight))!);

        alone.Dispose();
        inside.Item1.Dispose();
        Assert.False(_model.Layer.weight.IsInvalid);
    }

    [Fact]
    public void ModelCall_should_give_what_it_borrows_to_the_scope_of_the_caller()
    {
        torch.Tensor answer;
        using (torch.NewDisposeScope())
        {
            answer = (torch.Tensor)Run((_, _) => _model.State)!;
        }

        Assert.True(answer.IsInvalid);
        Assert.False(_model.State.IsInvalid);
    }

    [Fact]
    public void ModelCall_should_leave_a_collection_of_the_model_as_it_is()
    {
        var answer = Run((_, _) => _model.Kept);

        Assert.NotSame(_model.Kept, answer);
        Answers.Release(answer);
        Assert.False(_model.Kept[0].IsInvalid);
    }

    [Fact]
    public void ModelCall_should_keep_together_what_is_in_one_place_and_what_was_made_in_the_call()
    {
        var (weight, made, again, model) = (ValueTuple<torch.Tensor, torch.Tensor, torch.Tensor, Model>)Run(
            (_, argument) => (_model.State, (torch.Tensor)argument! + 1, _model.State, _model))!;

        Assert.Same(weight, again);
        Assert.Same(_model, model);
        Assert.Equal([2f, 2f], made.data<float>().ToArray());
        made.Dispose();
        weight.Dispose();
        Assert.False(_model.State.IsInvalid);
    }

    [Fact]
    public void ModelCall_should_give_a_tensor_that_the_function_took_out_of_its_scope_as_it_is()
    {
        torch.Tensor? detached = null;

        var answer = Run((_, argument) => detached = ((torch.Tensor)argument! * 2).DetachFromDisposeScope());

        Assert.Same(detached, answer);
        detached!.Dispose();
    }

    [Fact]
    public void ModelCall_should_leave_a_tensor_to_the_scope_that_its_caller_opened()
    {
        torch.Tensor answer;
        using (torch.NewDisposeScope())
        {
            var scoped = torch.ones(2);
            answer = ((torch.Tensor)Run((_, argument) => argument, scoped)!).DetachFromDisposeScope();
            Assert.False(scoped.IsInvalid);
        }

        Assert.Equal([1f, 1f], answer.data<float>().ToArray());
        answer.Dispose();
    }

    [Fact]
    public void ModelCall_should_refuse_a_weight_where_it_cannot_be_replaced()
    {
        var refused = Assert.Throws<CloneRefusedException>(
            () => Run((_, _) => ImmutableDictionary<string, torch.Tensor>.Empty.Add("weight", _model.Layer.weight)));

        Assert.Contains("alias()", refused.Message, StringComparison.Ordinal);
        Assert.False(_model.Layer.weight.IsInvalid);
    }

    [Fact]
    public void ModelCall_should_run_without_gradients()
    {
        using var answer = (torch.Tensor)Run((_, argument) => _model.Layer.call((torch.Tensor)argument!))!;

        Assert.True(_model.Layer.weight.requires_grad);
        Assert.False(answer.requires_grad);
        Assert.True(torch.is_grad_enabled());
    }

    private object? Run(ModelFunction function, torch.Tensor? argument = null) => ModelCall.Run(function, _model, argument ?? _input);

    private static HashSet<torch.Tensor> TensorsOf(object? answer)
    {
        var tensors = new HashSet<torch.Tensor>(ReferenceEqualityComparer.Instance);
        Answers.ForEach(answer, held => tensors.Add((torch.Tensor)held));
        return tensors;
    }

    private readonly record struct Point(torch.Tensor At);

    private sealed record Nested(Point Point);

    private sealed class Model : Module<torch.Tensor, torch.Tensor>
    {
        public Model()
            : base(nameof(Model)) => RegisterComponents();

        public Linear Layer { get; } = Linear(2, 2);

        public torch.Tensor State { get; } = torch.arange(2);

        public List<torch.Tensor> Kept { get; } = [torch.ones(3)];

        public override torch.Tensor forward(torch.Tensor input) => Layer.call(input);
    }
}
